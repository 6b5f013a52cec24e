using System.Globalization;
using System.Text;
using System.Text.Json;
using PasientensMaledata.AccessLog.Checkpoints;

namespace PasientensMaledata.AccessLog.Verification;

/// <summary>What a proof proves.</summary>
/// <param name="Fault">What is wrong with it; null where it proves what it says.</param>
/// <param name="Index">The event's index in the log.</param>
/// <param name="Size">Events that the checkpoint covers.</param>
/// <param name="Serial">The event's number among the patient's.</param>
/// <param name="Previous">Hash of the patient's leaf before it; empty for the first.</param>
/// <param name="SequencedAt">When it was sequenced.</param>
/// <param name="Event">The event's line.</param>
/// <param name="Keys">The keys that were believed.</param>
public sealed record ProofVerdict(string? Fault, long Index, long Size, long Serial, string Previous, string SequencedAt, string Event, IReadOnlyList<LogVerifierKey> Keys);

/// <summary>Checks the proof of one event, from the file alone.</summary>
public static class ProofVerifier
{
    /// <summary>Checks it.</summary>
    /// <param name="proof">The text of the file.</param>
    /// <param name="trusted">The public keys that are believed; null for those that the proof itself names, which proves only that they agree.</param>
    public static ProofVerdict Verify(string proof, IReadOnlyList<LogVerifierKey>? trusted)
    {
        ProofVerdict Wrong(string fault) => new(fault, -1, 0, 0, "", "", "", trusted ?? []);
        try
        {
            using var json = JsonDocument.Parse(proof);
            var root = json.RootElement;
            if (root.GetProperty("kind").GetString() != "pmd-log-proof/1")
            {
                return Wrong("This is no proof of an event.");
            }

            List<LogVerifierKey> named = [];
            foreach (var key in root.GetProperty("keys").EnumerateArray())
            {
                if (!LogVerifierKey.TryParse(key.GetString()!, out var read))
                {
                    return Wrong("A public key in the proof is none.");
                }

                named.Add(read);
            }

            trusted ??= named;
            if (SignedHead.Read(root.GetProperty("checkpoint").GetString()!, trusted, out var wrong) is not { } head)
            {
                return Wrong(wrong);
            }

            var line = root.GetProperty("event").GetString()!;
            if (EventHead.Read(Encoding.UTF8.GetBytes(line)) is not { Patient: not null })
            {
                return Wrong("The event is no event of a patient.");
            }

            var previous = root.GetProperty("previous").GetString();
            var (serial, index, at) = (root.GetProperty("serial").GetInt64(), root.GetProperty("index").GetInt64(), root.GetProperty("sequencedAt").GetString()!);
            var leaf = GrowingTree.Leaf(serial, previous is null ? null : Convert.FromHexString(previous), at, Encoding.UTF8.GetBytes(line));
            if (!string.Equals(Convert.ToHexStringLower(leaf), root.GetProperty("leaf").GetString(), StringComparison.Ordinal))
            {
                return Wrong("The leaf is not the hash of the event, its number, the leaf before it and its time.");
            }

            using var salted = JsonDocument.Parse(line);
            if (salted.RootElement.GetProperty("s").GetString() != root.GetProperty("salt").GetString())
            {
                return Wrong("The salt is not the event's.");
            }

            List<byte[]> path = [.. root.GetProperty("path").EnumerateArray().Select(p => p.GetBytesFromBase64())];
            return path.TrueForAll(p => p.Length == 32) && GrowingTree.RootBy(index, head.Size, leaf, path) is { } reached && reached.AsSpan().SequenceEqual(head.Root)
                ? new(null, index, head.Size, serial, previous ?? "", at, line, trusted)
                : Wrong(string.Create(CultureInfo.InvariantCulture, $"The path does not lead from event {index} to the root over {head.Size} events that is signed."));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or ArgumentException)
        {
            return Wrong("This is no proof of an event.");
        }
    }
}
