using System.CommandLine;
using System.Globalization;
using System.Text;
using PasientensMaledata.Access;
using PasientensMaledata.Access.FollowUps;
using PasientensMaledata.Access.Participants;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Submissions;
using PasientensMaledata.Observations.Wire;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;
using PasientensMaledata.Submissions;

namespace PasientensMaledata.Tools;

/// <summary><c>pmd refused</c>: what was refused, and is kept.</summary>
internal static class RefusedCommand
{
    private const int ProgressEvery = 100;

    private static readonly Argument<string?> OptionalId = new("ID") { Description = "A submission's id; without it, all that the options choose.", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Argument<string> Id = new("ID") { Description = "A submission's id." };
    private static readonly Option<string?> Reason = new("--reason") { Description = "Only what was refused for this reason, such as required or controller-missing." };
    private static readonly Option<string?> Sender = new("--sender") { Description = "Only what this sender sent." };
    private static readonly Option<DateOnly?> Day = new("--day") { Description = "Only what is of this day, UTC: 2026-01-31.", CustomParser = ReadDay, HelpName = "DATE" };
    private static readonly Option<int> Days = CheckedOptions.Whole("--days", "Without --day: the last so many days.", 7, 1, 3_650);
    private static readonly Option<string> Because = new("--because") { Description = "Why you look or replay: it stands in the access log.", Required = true, HelpName = "TEXT" };
    private static readonly Option<bool> Content = new("--content") { Description = "Also what was sent. It is about patients." };
    private static readonly Option<bool> Yes = new("--yes") { Description = "Do it. Without, only how much it would be is told." };

    public static Command Create()
    {
        var list = new Command("list", "Lists what was refused: id, sender, reasons, and how many entries.") { Reason, Sender, Day, Days, StorageOptions.Data, StorageOptions.Storage };
        list.SetAction((parsed, stop) => StorageOptions.UseAsync(parsed, (storage, ring) => ListAsync(parsed, storage, ring, stop), stop));

        var show = new Command("show", "Shows what was refused of one submission, and why. Logged.") { Id, Sender, Content, Because, StorageOptions.Data, StorageOptions.Storage };
        show.SetAction((parsed, stop) => StorageOptions.UseAsync(parsed, (storage, ring) => ShowAsync(parsed, storage, ring, stop), stop));

        var replay = new Command("replay", "Receives again what was refused, as if it came now. What is stored then is no longer among the refused. Done twice it changes nothing more. Logged.")
        {
            OptionalId, Reason, Sender, Day, Days, Because, StorageOptions.Data, StorageOptions.Storage, StorageOptions.Numbers,
        };
        replay.SetAction((parsed, stop) => StorageOptions.UseAsync(parsed, (storage, ring) => ReplayAsync(parsed, storage, ring, stop), stop));

        var discard = new Command("discard", "Deletes what was refused, before its time. It cannot be replayed then. Logged.")
        {
            OptionalId, Reason, Sender, Day, Days, Because, Yes, StorageOptions.Data, StorageOptions.Storage,
        };
        discard.SetAction((parsed, stop) => StorageOptions.UseAsync(parsed, (storage, ring) => DiscardAsync(parsed, storage, ring, stop), stop));

        foreach (var command in new[] { list, show, replay, discard })
        {
            command.Validators.Add(result =>
            {
                if (result.TextOf(Sender) is { } sender && !SenderId.TryParse(sender, out _))
                {
                    result.AddError("--sender is to be a sender's id: 1 to 36 characters of a-z, 0-9 and '-'.");
                }

                if ((result.TextOf(Id) ?? result.TextOf(OptionalId)) is { } id && !SubmissionId.TryParse(id, out _))
                {
                    result.AddError("ID is no submission's id. ./pmd refused list tells them.");
                }
            });
        }

        return new Command("refused", "What was refused of submissions, by HTTP and stream.") { list, show, replay, discard };
    }

    private static async Task<int> ListAsync(ParseResult parsed, OpenedStorage storage, KeyRing ring, CancellationToken stop)
    {
        var (submissions, entries) = (0, 0);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var blob in ChosenAsync(parsed, new(storage.Blobs, ring), null, stop))
        {
            foreach (var one in blob.Submissions.Where(s => IsChosen(parsed, null, s) && seen.Add(s.Id)))
            {
                var reasons = one.Entries.GroupBy(e => e.Reason).Select(g => $"{g.Count()} {g.Key}");
                Console.WriteLine($"{one.Id,-44} {one.Sender ?? "unknown",-24} {BundleWriter.Instant(one.Received)} {string.Join(", ", reasons)}{(one.Body is null ? "; nothing kept" : "")}");
                (submissions, entries) = (submissions + 1, entries + one.Entries.Count);
            }
        }

        Console.WriteLine($"{entries} entries of {submissions} submissions.");
        return ExitCodes.Done;
    }

    private static async Task<int> ShowAsync(ParseResult parsed, OpenedStorage storage, KeyRing ring, CancellationToken stop)
    {
        var id = parsed.GetValue(Id)!;
        await foreach (var blob in ChosenAsync(parsed, new(storage.Blobs, ring), id, stop))
        {
            if (blob.Submissions.FirstOrDefault(s => s.Id == id) is not { } one)
            {
                continue;
            }

            // Before it is shown.
            await LogAsync(parsed, storage, "refused show", 1, stop);
            Console.WriteLine($"id        {one.Id}");
            Console.WriteLine($"sender    {one.Sender ?? "unknown"}");
            Console.WriteLine($"received  {BundleWriter.Instant(one.Received)}");
            Console.WriteLine(one.Origin is StreamOrigin s
                ? $"origin    hub {s.Hub}, partition {s.Partition}, number {s.SequenceNumber}, enqueued {BundleWriter.Instant(s.Enqueued)}"
                : $"origin    HTTP, correlation id {((HttpOrigin)one.Origin).CorrelationId}");
            foreach (var entry in one.Entries)
            {
                Console.WriteLine($"{(entry.Index is { } at ? $"entry {at}" : "message")}: {entry.Outcome}, {entry.Reason}{(entry.IsKept ? "" : ", nothing kept")}; hash {entry.Hash}");
                foreach (var issue in entry.Issues)
                {
                    Console.WriteLine($"  {issue.Severity.ToString().ToLowerInvariant()} {issue.Code} {issue.Expression}: {issue.Diagnostics}");
                }
            }

            if (parsed.GetValue(Content) && one.Body is { } body)
            {
                Console.WriteLine(Encoding.UTF8.GetString(body));
            }

            return ExitCodes.Done;
        }

        await Console.Error.WriteLineAsync("Nothing is kept of a submission with this id.");
        return ExitCodes.Failed;
    }

    private static async Task<int> ReplayAsync(ParseResult parsed, OpenedStorage storage, KeyRing ring, CancellationToken stop)
    {
        var time = TimeProvider.System;
        var id = parsed.GetValue(OptionalId);
        var participants = new ParticipantStore(storage.Blobs, time);
        await participants.RefreshAsync(stop);
        var list = participants.Current ?? throw new StorageUnavailableException("The participants cannot be read.");
        var refused = new RefusedStore(storage.Blobs, ring);
        var followUps = new FollowUpStore(storage.Partitions, ring, null);
        var submissions = new SubmissionStore(storage.Partitions, ring, new PatientDirectory(storage.Partitions, ring), parsed.GetValue(StorageOptions.Numbers), followUps, time);
        var reception = new Reception(submissions, refused, followUps, new Journal(storage.Blobs, time), time);
        var replay = new RefusedReplay(refused, reception, ring, sender => SenderAdmission.Of(sender, list, time).Admit, time);

        var chosen = await CountAsync(parsed, refused, id, stop);
        await LogAsync(parsed, storage, "refused replay", chosen, stop);
        var (tally, done, told) = (default(ReplayTally), 0, 0);
        await foreach (var blob in ChosenAsync(parsed, refused, id, stop))
        {
            tally += await replay.ReplayAsync(blob, s => IsChosen(parsed, id, s), stop);
            done += blob.Submissions.Count(s => IsChosen(parsed, id, s));
            if (done - told >= ProgressEvery)
            {
                told = done;
                Console.WriteLine($"{done} of {chosen} submissions");
            }
        }

        Console.WriteLine($"{done} submissions: {tally.Stored} entries are stored or known now, {tally.Refused} were refused again, {tally.Left} were left as they were.");
        return tally.Refused + tally.Left == 0 ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static async Task<int> DiscardAsync(ParseResult parsed, OpenedStorage storage, KeyRing ring, CancellationToken stop)
    {
        var id = parsed.GetValue(OptionalId);
        var refused = new RefusedStore(storage.Blobs, ring);
        var chosen = await CountAsync(parsed, refused, id, stop);
        if (!parsed.GetValue(Yes))
        {
            Console.WriteLine($"{chosen} submissions would be discarded. Say --yes to do it.");
            return ExitCodes.Done;
        }

        await LogAsync(parsed, storage, "refused discard", chosen, stop);
        var (discarded, missed) = (0, 0);
        await foreach (var blob in ChosenAsync(parsed, refused, id, stop))
        {
            var left = blob.Submissions.Where(s => !IsChosen(parsed, id, s)).ToList();
            var gone = blob.Submissions.Count - left.Count;
            if (gone > 0)
            {
                (discarded, missed) = await refused.ReplaceAsync(blob, left, stop) ? (discarded + gone, missed) : (discarded, missed + gone);
            }
        }

        Console.WriteLine($"{discarded} submissions are discarded.{(missed > 0 ? $" {missed} were changed by another meanwhile: start again." : "")}");
        return missed == 0 ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static async Task<int> CountAsync(ParseResult parsed, RefusedStore refused, string? id, CancellationToken stop)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var blob in ChosenAsync(parsed, refused, id, stop))
        {
            seen.UnionWith(blob.Submissions.Where(s => IsChosen(parsed, id, s)).Select(s => s.Id));
        }

        return seen.Count;
    }

    // The blobs of the days and the sender that the options choose.
    private static async IAsyncEnumerable<RefusedBlob> ChosenAsync(ParseResult parsed, RefusedStore refused, string? id, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
    {
        SenderId? sender = SenderId.TryParse(parsed.GetValue(Sender), out var named) ? named : null;
        var today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
        var (from, to) = SubmissionId.TryParse(id, out var known) ? (known.Day, known.Day)
            : parsed.GetValue(Day) is { } only ? (only, only)
            : (today.AddDays(1 - parsed.GetValue(Days)), today);
        for (var day = from; day <= to; day = day.AddDays(1))
        {
            await foreach (var blob in refused.ReadAsync(day, sender, null, stop))
            {
                if (id is null || blob.Submissions.Any(s => s.Id == id))
                {
                    yield return blob;
                }
            }
        }
    }

    private static bool IsChosen(ParseResult parsed, string? id, RefusedSubmission one) =>
        (id is null || one.Id == id) && (parsed.GetValue(Reason) is not { Length: > 0 } reason || one.Entries.Any(e => e.Reason == reason));

    private static ValueTask LogAsync(ParseResult parsed, OpenedStorage storage, string command, int count, CancellationToken stop) =>
        storage.LogAsync(OperatorEvent.Of(TimeProvider.System, null, command, PersonNumbers.Hide(parsed.GetValue(Because)!), count, action: AccessAction.Refused), stop);

    private static DateOnly? ReadDay(System.CommandLine.Parsing.ArgumentResult result)
    {
        if (DateOnly.TryParseExact(result.Tokens[0].Value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
        {
            return day;
        }

        result.AddError("--day is to be a day such as 2026-01-31.");
        return null;
    }
}
