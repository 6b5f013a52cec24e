using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text.Json;
using PasientensMaledata.Observations;
using PasientensMaledata.Observations.Submissions;

namespace PasientensMaledata.Submissions;

/// <summary>A Submission as read: its entries, or why it is refused whole. The one way in, for HTTP, stream and replay alike.</summary>
public sealed class SubmittedMessage : IDisposable
{
    private readonly JsonDocument? document;

    private SubmittedMessage(Envelope envelope, ReadOnlyMemory<byte> body, ReadOnlyMemory<byte> plain, JsonDocument? document, SubmissionSource? source, IReadOnlyList<BundleEntry> entries, Issue? refusal) =>
        (Envelope, Body, Plain, this.document, Source, Entries, Refusal) = (envelope, body, plain, document, source, entries, refusal);

    /// <summary>What is known of it besides.</summary>
    public Envelope Envelope { get; }

    /// <summary>The body as sent.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>The body decompressed and without a byte order mark; empty where it was not read.</summary>
    public ReadOnlyMemory<byte> Plain { get; }

    /// <summary>What is the same for all entries; null where it is refused whole.</summary>
    public SubmissionSource? Source { get; }

    /// <summary>The entries, in order: one where it is an Observation.</summary>
    public IReadOnlyList<BundleEntry> Entries { get; }

    /// <summary>Why it is refused whole; null where it is not.</summary>
    public Issue? Refusal { get; }

    /// <summary>The Bundle or Observation; undefined where the body is not JSON.</summary>
    public JsonElement Root => document?.RootElement ?? default;

    /// <summary>What is to be stored of it.</summary>
    public Submission Submission => new(Source!, [.. Entries.Where(e => e.Observation is not null).Select(e => e.Observation!)], Envelope.Admit);

    /// <summary>Reads a body. Whatever it holds, this does not throw for it.</summary>
    /// <param name="envelope">What is known besides.</param>
    /// <param name="body">The body, which must stay as it is until this is disposed.</param>
    public static SubmittedMessage Read(Envelope envelope, ReadOnlyMemory<byte> body)
    {
        if (envelope is not { Sender: { } sender, Refusal: null })
        {
            return Refuse((envelope.Refusal ?? SenderRefusal.Unknown).Issue);
        }

        var plain = body;
        if (envelope.Manner.IsGzip && !TryDecompress(body, out plain, out var problem))
        {
            return Refuse(problem!);
        }

        // RFC 8259 8.1: a parser may ignore a byte order mark.
        plain = plain.Span.StartsWith((ReadOnlySpan<byte>)[0xef, 0xbb, 0xbf]) ? plain[3..] : plain;
        JsonDocument? json = null;
        try
        {
            json = JsonDocument.Parse(plain, BundleReader.JsonOptions);
            var isObservation = envelope.Manner.Kind == MessageKind.Observation || (envelope.Manner.Kind == MessageKind.Either && TypeOf(json.RootElement) == "Observation");
            return isObservation ? ReadObservation(json) : ReadBundle(json);
        }
        catch (JsonException e)
        {
            json?.Dispose();
            return Refuse(Issue.Error("structure", null, plain.Length == 0 ? "The body is empty." : $"The body is not JSON (line {e.LineNumber + 1}, byte {e.BytePositionInLine})."));
        }

        SubmittedMessage ReadBundle(JsonDocument read)
        {
            if (envelope.Manner.Kind == MessageKind.Either && BundleReader.IsText(read.RootElement) && TypeOf(read.RootElement) != "Bundle")
            {
                return Made(read, null, [], Issue.Error("structure", null, "The event is to hold a FHIR Bundle or Observation."));
            }

            var bundle = BundleReader.Read(read.RootElement, plain, sender);
            return Made(read, bundle.Source, bundle.Entries, bundle.Refusal);
        }

        SubmittedMessage ReadObservation(JsonDocument read)
        {
            if (WhyNotStored(read.RootElement, envelope.Manner.Id) is { } refusal)
            {
                return Made(read, null, [], refusal);
            }

            var manner = envelope.Manner;
            BundleEntry entry = BundleReader.IsTooDeep(read.RootElement)
                ? new(null, null, new(EntryOutcome.Refused, null, 0, default, [Issue.Error("too-long", "Observation", $"The Observation is nested deeper than {Limits.MaxJsonDepth} levels.")]), [])
                : new(null, new(read.RootElement, plain, manner.IsPut, manner.IfMatch, manner.IfNoneExist), null, []);
            return Made(read, new(sender, "", null, ""), [entry], null);
        }

        SubmittedMessage Made(JsonDocument read, SubmissionSource? source, IReadOnlyList<BundleEntry> entries, Issue? refusal) => new(envelope, body, plain, read, source, entries, refusal);

        SubmittedMessage Refuse(Issue refusal) => new(envelope, body, default, null, null, [], refusal);
    }

    /// <summary>The same, refused whole for another reason.</summary>
    internal SubmittedMessage RefusedFor(Issue refusal) => new(Envelope, Body, Plain, null, null, [], refusal);

    /// <inheritdoc/>
    public void Dispose() => document?.Dispose();

    // Safe also where names or values are no text, since nothing has been looked at yet.
    private static string? TypeOf(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        foreach (var member in root.EnumerateObject())
        {
            var name = JsonMarshal.GetRawUtf8PropertyName(member);
            if (name.Contains((byte)'\\') ? JsonShape.IsText([(byte)'"', .. name, (byte)'"']) && member.NameEquals("resourceType"u8) : name.SequenceEqual("resourceType"u8))
            {
                return member.Value.ValueKind == JsonValueKind.String && BundleReader.IsText(member.Value) ? member.Value.GetString() : null;
            }
        }

        return null;
    }

    private static Issue? WhyNotStored(JsonElement root, string? id)
    {
        if (!BundleReader.IsText(root))
        {
            return BundleReader.Unreadable("Observation");
        }

        if (TypeOf(root) != "Observation")
        {
            return Issue.Error("structure", "Observation", "The body is to be a FHIR Observation. A Bundle is sent to the base.");
        }

        // FHIR R4 http#update: the body has an id, and it is the one in the URL.
        return id is null || (root.TryGetProperty("id", out var inBody) && inBody.ValueKind == JsonValueKind.String && inBody.ValueEquals(id))
            ? null
            : Issue.Error("invariant", "Observation.id", "The Observation is to have the id that stands in the URL.");
    }

    private static bool TryDecompress(ReadOnlyMemory<byte> body, out ReadOnlyMemory<byte> plain, out Issue? problem)
    {
        (plain, problem) = (default, null);
        try
        {
            using var gzip = new GZipStream(new MemoryStream(body.ToArray(), writable: false), CompressionMode.Decompress);
            using var into = new MemoryStream(Math.Min(body.Length * 8, Limits.MaxBodyBytes));
            var buffer = new byte[81_920];
            for (int read; (read = gzip.Read(buffer)) > 0;)
            {
                // Counted after decompression, so that a small body cannot become a large one.
                if (into.Length + read > Limits.MaxBodyBytes)
                {
                    problem = Issue.Error("too-long", null, $"The body has more than {Limits.MaxBodyBytes} bytes, counted after decompression. Send several smaller ones.");
                    return false;
                }

                into.Write(buffer.AsSpan(0, read));
            }

            plain = into.GetBuffer().AsMemory(0, (int)into.Length);
            return true;
        }
        catch (InvalidDataException)
        {
            problem = Issue.Error("structure", null, "The body is not the gzip that it is said to be.");
            return false;
        }
    }
}
