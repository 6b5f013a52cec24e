using System.CommandLine;
using System.Globalization;
using PasientensMaledata.AccessLog.Checkpoints;
using PasientensMaledata.AccessLog.Verification;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Tools;

/// <summary><c>pmd verify-log</c> and <c>pmd verify-proof</c>: whether the access log is what it promises to be.</summary>
internal static class VerifyLogCommand
{
    private static readonly Option<string?> Since = new("--since") { Description = "A checkpoint remembered by --remember: the log must have grown out of it, so that a rewritten history is found. Its keys are believed.", HelpName = "FILE" };
    private static readonly Option<string?> Remember = new("--remember") { Description = "Where to write the newest checkpoint and the keys, when the log is whole. Keep it away from the log.", HelpName = "FILE" };
    private static readonly Option<string[]> Key = new("--key") { Description = "A public key of the log that is believed, as GET /log/key tells it; more than once for several. Without it, and without --since, those that lie with the log are believed.", HelpName = "KEY", AllowMultipleArgumentsPerToken = false, DefaultValueFactory = _ => [] };
    private static readonly Argument<FileInfo> Proof = new("FILE") { Description = "A proof, as GET /citizen/access-log/{event}/proof gives it." };

    public static Command Create()
    {
        var command = new Command("verify-log", "Recomputes the whole access log from its journals, and holds order, tree, checkpoints and patients' rows against it. Ends with 0 when it is whole, 1 with the first fault.")
        {
            Since, Remember, Key, StorageOptions.Data, StorageOptions.Storage,
        };
        command.SetAction((parsed, stop) => StorageOptions.UseStorageAsync(parsed, storage => VerifyAsync(parsed, storage, stop), stop));
        return command;
    }

    public static Command CreateProof()
    {
        var command = new Command("verify-proof", "Checks the proof of one event, without any connection. Ends with 0 when it proves what it says, 1 when it does not.") { Proof, Key };
        Proof.AcceptExistingOnly();
        command.SetAction(VerifyProofAsync);
        return command;
    }

    private static async Task<int> VerifyAsync(ParseResult parsed, OpenedStorage storage, CancellationToken stop)
    {
        var remembered = parsed.GetValue(Since) is { } file ? RememberedCheckpoint.Parse(await File.ReadAllTextAsync(file, stop)) : null;
        var stated = ReadKeys(parsed);
        var (trusted, whose) = stated.Count > 0 || remembered is not null
            ? ([.. stated, .. remembered?.Verifiers() ?? []], "the keys that were given")
            : (await LogKeys.ReadVerifiersAsync(storage.Blobs, stop), "the keys that lie with the log");
        foreach (var key in trusted)
        {
            Console.WriteLine($"Believed: {key}");
        }

        var started = TimeProvider.System.GetTimestamp();
        var verdict = await new LogVerifier(storage.Blobs, storage.Partitions).VerifyAsync(trusted, remembered?.Checkpoint, new Lines(), stop);
        var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        if (verdict.Fault is { } fault)
        {
            await Console.Error.WriteLineAsync($"Not whole. {fault}");
            return ExitCodes.Failed;
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Whole, by {whose}: {verdict.Events} events of {verdict.Patients} patients, {verdict.Checkpoints} checkpoints, in {seconds:0.0} s."));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Proved are the {verdict.Covered} events that the newest checkpoint covers. {verdict.Events - verdict.Covered + verdict.Unsequenced} are journalled and not signed for yet."));
        if (remembered is null)
        {
            Console.WriteLine("Without --since, a history that was rewritten whole by one who holds the signing key is not found.");
        }

        if (parsed.GetValue(Remember) is { } target && verdict.Newest is { } newest)
        {
            await File.WriteAllTextAsync(target, new RememberedCheckpoint([.. trusted.Select(k => k.ToString()).Distinct()], newest).Format(), stop);
            Console.WriteLine($"Remembered in {target}.");
        }

        return ExitCodes.Done;
    }

    private static async Task<int> VerifyProofAsync(ParseResult parsed, CancellationToken stop)
    {
        List<LogVerifierKey> keys;
        try
        {
            keys = ReadKeys(parsed);
        }
        catch (FormatException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return ExitCodes.WrongUsage;
        }

        var verdict = ProofVerifier.Verify(await File.ReadAllTextAsync(parsed.GetValue(Proof)!.FullName, stop), keys.Count > 0 ? keys : null);
        if (verdict.Fault is { } fault)
        {
            await Console.Error.WriteLineAsync($"It proves nothing. {fault}");
            return ExitCodes.Failed;
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Proved: event {verdict.Index} of the {verdict.Size} that {verdict.Keys[0].Name} has signed for; number {verdict.Serial} of this patient's; sequenced {verdict.SequencedAt}."));
        Console.WriteLine(verdict.Previous.Length > 0 ? $"The patient's event before it has the leaf {verdict.Previous}." : "It is the patient's first.");
        Console.WriteLine(verdict.Event);
        if (keys.Count == 0)
        {
            Console.WriteLine($"By the key in the proof itself. Hold it against GET /log/key, or give it with --key: {string.Join(' ', verdict.Keys)}");
        }

        return ExitCodes.Done;
    }

    private static List<LogVerifierKey> ReadKeys(ParseResult parsed) =>
        [.. parsed.GetValue(Key)!.Select(k => LogVerifierKey.TryParse(k, out var key) ? key : throw new FormatException($"--key is to be name+id+base64, as GET /log/key tells it, not '{k}'."))];

    /// <summary>A line whenever something else is begun, and now and then.</summary>
    private sealed class Lines : IProgress<VerifyProgress>
    {
        private static readonly TimeSpan Between = TimeSpan.FromSeconds(2);
        private readonly Lock gate = new();
        private string doing = "";
        private long last;

        public void Report(VerifyProgress value)
        {
            lock (gate)
            {
                if (value.Doing == doing && TimeProvider.System.GetElapsedTime(last) < Between)
                {
                    return;
                }

                (doing, last) = (value.Doing, TimeProvider.System.GetTimestamp());
                Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{value.Doing}{(value.Of > 0 ? $": {value.Done} of {value.Of}" : "")}"));
            }
        }
    }
}
