using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using PasientensMaledata.Access;
using PasientensMaledata.Observations;
using PasientensMaledata.Observations.Wire;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Submissions;

/// <summary>An entry that was not stored, and is known not to be.</summary>
/// <param name="Index">Its place in the Bundle, from 0; null where the message was refused whole.</param>
/// <param name="Outcome">The outcome's word, such as <c>refused</c> or <c>conflict</c>.</param>
/// <param name="Reason">Why: the reason class of the access decision, else the code of the first error.</param>
/// <param name="Hash">Keyed hash of its content as sent, in hexadecimal, so that it can be recognised when it comes again.</param>
/// <param name="IsKept">Whether its content is kept: never where the access decision refused it.</param>
/// <param name="Issues">What the Sender was told.</param>
public sealed record RefusedEntry(int? Index, string Outcome, string Reason, string Hash, bool IsKept, IReadOnlyList<Issue> Issues);

/// <summary>A Submission of which something was refused: what was refused of it, and why.</summary>
public sealed record RefusedSubmission
{
    /// <summary>The Submission's id.</summary>
    public required string Id { get; init; }

    /// <summary>Who sent it; null where that could not be told.</summary>
    public string? Sender { get; init; }

    /// <summary>How it came.</summary>
    public required Origin Origin { get; init; }

    /// <summary>When, UTC.</summary>
    public required DateTime Received { get; init; }

    /// <summary>How it was sent.</summary>
    public required Manner Manner { get; init; }

    /// <summary>A body that holds the entries that are kept, and nothing else that was sent as an entry; null where none is.</summary>
    public byte[]? Body { get; init; }

    /// <summary>What was refused. Those that are kept stand in <see cref="Body"/> in this order.</summary>
    public required IReadOnlyList<RefusedEntry> Entries { get; init; }

    /// <summary>How many other entries it had, by outcome word.</summary>
    public required IReadOnlyDictionary<string, int> Others { get; init; }

    /// <summary>The parsed id.</summary>
    [JsonIgnore]
    public SubmissionId SubmissionId => SubmissionId.TryParse(Id, out var id) ? id : throw new JsonException("A refused Submission has an id of another form.");

    /// <summary>The Sender; null where it could not be told.</summary>
    [JsonIgnore]
    public SenderId? SenderId => Sender is null ? null : new SenderId(Sender);

    /// <summary>What was refused of a Submission; null where nothing was.</summary>
    /// <param name="receipt">The Submission and its outcomes.</param>
    /// <param name="key">Key of the hashes.</param>
    public static RefusedSubmission? Of(Receipt receipt, byte[] key)
    {
        var message = receipt.Message;
        var entries = new List<RefusedEntry>();
        var kept = new List<int>();
        for (var i = 0; i < receipt.Results.Count; i++)
        {
            var result = receipt.Results[i];
            if (!result.IsRefused)
            {
                continue;
            }

            int? index = message.Refusal is null ? i : null;
            var admission = index is null ? message.Envelope.Refusal?.Reason ?? "" : result.Record?.Reason ?? "";
            var isKept = admission.Length == 0;
            if (isKept && index is not null)
            {
                kept.Add(i);
            }

            var reason = isKept ? result.Issues.FirstOrDefault(x => x.Severity == IssueSeverity.Error)?.Code ?? "processing" : admission;
            entries.Add(new(index, BundleWriter.WordFor(result.Outcome), reason, Hash(key, ContentOf(message, index)), isKept, isKept ? result.Issues : [.. result.Issues.Take(1)]));
        }

        return entries.Count == 0 ? null : new()
        {
            Id = message.Envelope.Id.ToString(),
            Sender = message.Envelope.Sender?.ToString(),
            Origin = message.Envelope.Origin,
            Received = message.Envelope.Received,
            Manner = message.Refusal is null ? message.Envelope.Manner with { IsGzip = false } : message.Envelope.Manner,
            Body = message.Refusal is not null ? (entries[0].IsKept ? message.Body.ToArray() : null) : kept.Count > 0 ? BodyOf(message, kept) : null,
            Entries = entries,
            Others = OthersOf(receipt),
        };
    }

    /// <summary>How many entries were not refused, by outcome word.</summary>
    internal static Dictionary<string, int> OthersOf(Receipt receipt) =>
        receipt.Results.Where(r => !r.IsRefused).GroupBy(r => BundleWriter.WordFor(r.Outcome)).ToDictionary(g => g.Key, g => g.Count());

    // What an entry's content was: of an entry without resource, the entry.
    private static ReadOnlySpan<byte> ContentOf(SubmittedMessage message, int? index)
    {
        if (index is not { } at)
        {
            return message.Body.Span;
        }

        return IsBundle(message.Root) ? JsonMarshal.GetRawUtf8Value(message.Root.GetProperty("entry"u8)[at]) : JsonMarshal.GetRawUtf8Value(message.Root);
    }

    // The Bundle's own members letter by letter, since identity rests on some of them, and of its entries those that are kept.
    private static byte[] BodyOf(SubmittedMessage message, List<int> kept)
    {
        if (!IsBundle(message.Root))
        {
            return message.Plain.ToArray();
        }

        var body = new ArrayBufferWriter<byte>(1024);
        body.Write("{"u8);
        var isFirst = true;
        foreach (var member in message.Root.EnumerateObject())
        {
            body.Write(isFirst ? "\""u8 : ",\""u8);
            body.Write(JsonMarshal.GetRawUtf8PropertyName(member));
            body.Write("\":"u8);
            if (member.NameEquals("entry"u8))
            {
                body.Write("["u8);
                for (var i = 0; i < kept.Count; i++)
                {
                    body.Write(i == 0 ? ""u8 : ","u8);
                    body.Write(JsonMarshal.GetRawUtf8Value(member.Value[kept[i]]));
                }

                body.Write("]"u8);
            }
            else
            {
                body.Write(JsonMarshal.GetRawUtf8Value(member.Value));
            }

            isFirst = false;
        }

        body.Write("}"u8);
        return body.WrittenSpan.ToArray();
    }

    private static bool IsBundle(JsonElement root) => root.TryGetProperty("resourceType"u8, out var type) && type.ValueEquals("Bundle"u8);

    private static string Hash(byte[] key, ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[32];
        KeyedHash.Compute(key, content, hash);
        return Convert.ToHexStringLower(hash[..16]);
    }
}
