using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using PasientensMaledata.Access;
using PasientensMaledata.Observations.Documents;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Observations.Rows;

/// <summary>What a row says openly of its Observation: all that a search filters by. No person number, no name, no value.</summary>
/// <param name="Identity">Which Observation.</param>
/// <param name="Version">meta.versionId.</param>
/// <param name="LastUpdated">meta.lastUpdated: when this version was stamped, UTC, whole milliseconds.</param>
/// <param name="Received">When its first version was received, UTC; orders those without effective time.</param>
/// <param name="Effective">When it was measured.</param>
/// <param name="Concept">The slug of its Concept, or of its hash bucket.</param>
/// <param name="Group">In a hash bucket, a keyed hash of the first coding, by which <c>$lastn</c> groups; 0 elsewhere.</param>
/// <param name="Status">Observation.status.</param>
/// <param name="Codings">Codings of Observation.code.</param>
/// <param name="Categories">Codings of the categories.</param>
/// <param name="Sender">Who sent it.</param>
/// <param name="Controller">Organisation number of the responsible organisation, where the message names it.</param>
/// <param name="Municipality">Four digits, where the Bundle names it.</param>
/// <param name="BundleIdentifier">Bundle.identifier as <c>system|value</c>, where there is one; sealed with the Observation.</param>
/// <param name="BundleTimestamp">Bundle.timestamp, where there is one; sealed with the Observation.</param>
public sealed record ObservationFacts(
    ObservationIdentity Identity,
    int Version,
    DateTime LastUpdated,
    DateTime Received,
    EffectiveTime Effective,
    string Concept,
    ulong Group,
    ObservationStatus Status,
    IReadOnlyList<Token> Codings,
    IReadOnlyList<Token> Categories,
    SenderId Sender,
    string Controller,
    string Municipality,
    string BundleIdentifier,
    DateTime? BundleTimestamp);

/// <summary>
/// The row of an Observation's current or superseded version. Layout: 80 fixed bytes, length-prefixed texts, then the Observation as sent with its edits,
/// compressed (<see cref="Compressor"/>) and sealed under the patient's data key for this identity and version. Filters read the open part in place.
/// </summary>
public readonly ref struct ObservationRow
{
    // A byte for each system that is written as its place here, from 1; 0 where the system itself is. Part of what is stored: only added to.
    private static readonly byte[][] Systems =
    [
        [.. "http://loinc.org"u8],
        [.. "http://snomed.info/sct"u8],
        [.. "http://terminology.hl7.org/CodeSystem/observation-category"u8],
        [.. "urn:oid:2.16.578.1.12.4.1.1.7280"u8],
        [.. "urn:iso:std:iso:11073:10101"u8],
    ];

    private static readonly string[] SystemNames = [.. Systems.Select(Encoding.ASCII.GetString)];

    private const byte Format = 2;
    private const byte HasTimeFlag = 1;
    private const byte HasR5Flag = 2;
    private const int FacetsAt = 80;

    private readonly ReadOnlySpan<byte> row;

    /// <param name="row">A row's value.</param>
    /// <exception cref="CryptographicException">The row is not of a known format.</exception>
    public ObservationRow(ReadOnlySpan<byte> row)
    {
        if (row.Length < FacetsAt + 4 || row[0] != Format)
        {
            throw new CryptographicException("An Observation's row is not of a known format.");
        }

        this.row = row;
    }

    /// <summary>Whether it has an effective time.</summary>
    public bool HasTime => (row[1] & HasTimeFlag) != 0;

    /// <summary>Whether R4 and R5 answers differ.</summary>
    public bool HasR5Elements => (row[1] & HasR5Flag) != 0;

    /// <summary>Observation.status.</summary>
    public ObservationStatus Status => (ObservationStatus)row[2];

    /// <summary>meta.versionId.</summary>
    public int Version => BinaryPrimitives.ReadInt32BigEndian(row[4..]);

    /// <summary>Start of the effective time, UTC ticks.</summary>
    public long StartTicks => BinaryPrimitives.ReadInt64BigEndian(row[8..]);

    /// <summary>End of the effective time, UTC ticks, not part of it.</summary>
    public long EndTicks => BinaryPrimitives.ReadInt64BigEndian(row[16..]);

    /// <summary>meta.lastUpdated.</summary>
    public DateTime LastUpdated => new(BinaryPrimitives.ReadInt64BigEndian(row[24..]), DateTimeKind.Utc);

    /// <summary>When the first version was received.</summary>
    public DateTime Received => new(BinaryPrimitives.ReadInt64BigEndian(row[32..]), DateTimeKind.Utc);

    /// <summary>By what <c>$lastn</c> groups inside a hash bucket.</summary>
    public ulong Group => BinaryPrimitives.ReadUInt64BigEndian(row[40..]);

    /// <summary>Which Observation.</summary>
    public ObservationIdentity Identity => ObservationIdentity.Read(row[48..]);

    /// <summary>When it was measured.</summary>
    public EffectiveTime Effective => HasTime ? EffectiveTime.Span(StartTicks, EndTicks) : default;

    /// <summary>Slug of its Concept or hash bucket.</summary>
    public string Concept => Encoding.ASCII.GetString(ConceptBytes);

    /// <summary>Slug of its Concept or hash bucket, in ASCII.</summary>
    public ReadOnlySpan<byte> ConceptBytes
    {
        get
        {
            var rest = row[FacetsAt..];
            return Text(ref rest);
        }
    }

    /// <summary>Who sent it, in ASCII.</summary>
    public ReadOnlySpan<byte> Sender
    {
        get
        {
            var rest = row[FacetsAt..];
            Text(ref rest);
            return Text(ref rest);
        }
    }

    /// <summary>Organisation number of its Controller, in ASCII.</summary>
    public ReadOnlySpan<byte> Controller
    {
        get
        {
            var rest = row[FacetsAt..];
            Text(ref rest);
            Text(ref rest);
            return Text(ref rest);
        }
    }

    /// <summary>Four digits of the municipality that the Bundle named, in ASCII; empty where it named none.</summary>
    public ReadOnlySpan<byte> Municipality
    {
        get
        {
            var rest = row[FacetsAt..];
            Text(ref rest);
            Text(ref rest);
            Text(ref rest);
            return Text(ref rest);
        }
    }

    /// <summary>Codings of Observation.code.</summary>
    public Tokens Codings
    {
        get
        {
            var rest = row[FacetsAt..];
            Text(ref rest);
            Text(ref rest);
            Text(ref rest);
            Text(ref rest);
            return new(rest);
        }
    }

    /// <summary>Codings of the categories.</summary>
    public Tokens Categories
    {
        get
        {
            var codings = Codings;
            while (codings.MoveNext())
            {
            }

            return new(codings.Rest);
        }
    }

    private int SealedAt => BinaryPrimitives.ReadInt32BigEndian(row[76..]);

    /// <summary>Makes a row.</summary>
    /// <param name="facts">The open part.</param>
    /// <param name="document">The Observation.</param>
    /// <param name="seal">Under the patient's data key.</param>
    public static byte[] Write(ObservationFacts facts, ObservationDocument document, Seal seal)
    {
        var hasR5 = document.HasR5Elements();
        var edits5 = document.PackEdits(withoutR5: false);
        var edits4 = hasR5 ? document.PackEdits(withoutR5: true) : [];
        var bundle = facts.BundleIdentifier.Length == 0 && facts.BundleTimestamp is null ? [] : Encoding.UTF8.GetBytes($"{facts.BundleTimestamp:O}|{facts.BundleIdentifier}");
        var content = ArrayPool<byte>.Shared.Rent(Compressor.MaxCompressed(document.Json.Length + edits5.Length + edits4.Length + bundle.Length + 16));
        var length = WriteContent(content, document.Json.Span, edits5, edits4, bundle);

        var sender = facts.Sender.ToString();
        var sealedAt = FacetsAt + TextSize(facts.Concept) + TextSize(sender) + TextSize(facts.Controller) + TextSize(facts.Municipality)
            + TokensSize(facts.Codings) + TokensSize(facts.Categories);
        var row = new byte[sealedAt + length + Seal.Overhead];
        row[0] = Format;
        row[1] = (byte)((facts.Effective.HasTime ? HasTimeFlag : 0) | (hasR5 ? HasR5Flag : 0));
        row[2] = (byte)facts.Status;
        BinaryPrimitives.WriteInt32BigEndian(row.AsSpan(4), facts.Version);
        BinaryPrimitives.WriteInt64BigEndian(row.AsSpan(8), facts.Effective.StartTicks);
        BinaryPrimitives.WriteInt64BigEndian(row.AsSpan(16), facts.Effective.EndTicks);
        BinaryPrimitives.WriteInt64BigEndian(row.AsSpan(24), facts.LastUpdated.Ticks);
        BinaryPrimitives.WriteInt64BigEndian(row.AsSpan(32), facts.Received.Ticks);
        BinaryPrimitives.WriteUInt64BigEndian(row.AsSpan(40), facts.Group);
        facts.Identity.Write(row.AsSpan(48));
        BinaryPrimitives.WriteInt32BigEndian(row.AsSpan(76), sealedAt);
        var facets = row.AsSpan(FacetsAt);
        WriteText(ref facets, facts.Concept);
        WriteText(ref facets, sender);
        WriteText(ref facets, facts.Controller);
        WriteText(ref facets, facts.Municipality);
        WriteTokens(ref facets, facts.Codings);
        WriteTokens(ref facets, facts.Categories);
        Span<byte> belongsTo = stackalloc byte[BelongsToSize];
        WriteBelongsTo(belongsTo, facts.Identity, facts.Version);
        seal.Close(content.AsSpan(0, length), belongsTo, row.AsSpan(sealedAt));
        ArrayPool<byte>.Shared.Return(content);
        return row;
    }

    /// <summary>A copy of a row with another stamp: a version that becomes current again.</summary>
    public static byte[] Restamp(ReadOnlySpan<byte> row, DateTime stamp)
    {
        var copy = row.ToArray();
        BinaryPrimitives.WriteInt64BigEndian(copy.AsSpan(24), stamp.Ticks);
        return copy;
    }

    /// <summary>Writes the Observation as an answer.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="seal">Under the patient's data key.</param>
    /// <param name="id">Its id on the wire.</param>
    /// <param name="withR5">Whether R5's additional elements are sent.</param>
    /// <exception cref="CryptographicException">The row was changed or moved.</exception>
    public void WriteAnswer(IBufferWriter<byte> output, Seal seal, string id, bool withR5)
    {
        var content = ArrayPool<byte>.Shared.Rent(row.Length);
        var opened = Open(seal, content);
        var length = Edits.ReadNumber(ref opened);
        var whole = ArrayPool<byte>.Shared.Rent(length);
        Compressor.Decompress(opened, whole.AsSpan(0, length));
        ReadOnlySpan<byte> rest = whole.AsSpan(0, length);
        var edits5 = Take(ref rest);
        var edits4 = Take(ref rest);
        Take(ref rest);
        Edits.Apply(output, rest, HasR5Elements && !withR5 ? edits4 : edits5, id, Version, LastUpdated);
        ArrayPool<byte>.Shared.Return(whole);
        ArrayPool<byte>.Shared.Return(content);
    }

    /// <summary>The Observation as sent.</summary>
    /// <exception cref="CryptographicException">The row was changed or moved.</exception>
    public byte[] ReadSent(Seal seal)
    {
        ReadOnlySpan<byte> rest = OpenWhole(seal);
        Take(ref rest);
        Take(ref rest);
        Take(ref rest);
        return rest.ToArray();
    }

    /// <summary>Bundle.timestamp and Bundle.identifier, as <c>timestamp|system|value</c>; empty where it came with neither.</summary>
    /// <exception cref="CryptographicException">The row was changed or moved.</exception>
    public string ReadBundle(Seal seal)
    {
        ReadOnlySpan<byte> rest = OpenWhole(seal);
        Take(ref rest);
        Take(ref rest);
        return Encoding.UTF8.GetString(Take(ref rest));
    }

    private byte[] OpenWhole(Seal seal)
    {
        var opened = Open(seal, new byte[row.Length]);
        var whole = new byte[Edits.ReadNumber(ref opened)];
        Compressor.Decompress(opened, whole);
        return whole;
    }

    private ReadOnlySpan<byte> Open(Seal seal, byte[] content)
    {
        var closed = row[SealedAt..];
        Span<byte> belongsTo = stackalloc byte[BelongsToSize];
        WriteBelongsTo(belongsTo, Identity, Version);
        var length = Math.Max(0, closed.Length - Seal.Overhead);
        return seal.TryOpen(closed, belongsTo, content.AsSpan(0, length))
            ? content.AsSpan(0, length)
            : throw new CryptographicException("A stored Observation cannot be opened: it was changed, moved, or sealed by another key.");
    }

    private const int BelongsToSize = ObservationIdentity.Size + 4;

    private static void WriteBelongsTo(Span<byte> destination, ObservationIdentity identity, int version)
    {
        identity.Write(destination);
        BinaryPrimitives.WriteInt32BigEndian(destination[ObservationIdentity.Size..], version);
    }

    // Edits, what is said of the Bundle, and the Observation, the last without its length.
    private static int WriteContent(byte[] destination, ReadOnlySpan<byte> json, params ReadOnlySpan<byte[]> parts)
    {
        var size = json.Length;
        foreach (var part in parts)
        {
            size += NumberSize(part.Length) + part.Length;
        }

        var compressor = Compressor.Mine;
        var rest = compressor.Begin(size);
        foreach (var part in parts)
        {
            rest = rest[WriteNumber(rest, part.Length)..];
            part.CopyTo(rest);
            rest = rest[part.Length..];
        }

        json.CopyTo(rest);
        var at = WriteNumber(destination, size);
        return at + compressor.Compress(destination.AsSpan(at));
    }

    private static int NumberSize(int number) => 1 + (BitOperations.Log2((uint)number) / 7);

    private static int WriteNumber(Span<byte> destination, int number)
    {
        var at = 0;
        var rest = (uint)number;
        for (; rest >= 0x80; rest >>= 7)
        {
            destination[at++] = (byte)((rest & 0x7f) | 0x80);
        }

        destination[at++] = (byte)rest;
        return at;
    }

    private static ReadOnlySpan<byte> Take(scoped ref ReadOnlySpan<byte> rest)
    {
        var length = Edits.ReadNumber(ref rest);
        var taken = rest[..length];
        rest = rest[length..];
        return taken;
    }

    private static int TextSize(string text) => 2 + Encoding.UTF8.GetByteCount(text);

    private static void WriteText(scoped ref Span<byte> rest, string text)
    {
        var length = Encoding.UTF8.GetBytes(text, rest[2..]);
        BinaryPrimitives.WriteUInt16BigEndian(rest, (ushort)length);
        rest = rest[(2 + length)..];
    }

    private static int TokensSize(IReadOnlyList<Token> tokens)
    {
        var size = 2;
        for (var i = 0; i < tokens.Count; i++)
        {
            var system = tokens[i].System ?? "";
            size += 1 + (Array.IndexOf(SystemNames, system) < 0 ? TextSize(system) : 0) + TextSize(tokens[i].Value ?? "");
        }

        return size;
    }

    private static void WriteTokens(scoped ref Span<byte> rest, IReadOnlyList<Token> tokens)
    {
        BinaryPrimitives.WriteUInt16BigEndian(rest, (ushort)tokens.Count);
        rest = rest[2..];
        for (var i = 0; i < tokens.Count; i++)
        {
            var system = tokens[i].System ?? "";
            var known = Array.IndexOf(SystemNames, system);
            rest[0] = (byte)(known + 1);
            rest = rest[1..];
            if (known < 0)
            {
                WriteText(ref rest, system);
            }

            WriteText(ref rest, tokens[i].Value ?? "");
        }
    }

    private static ReadOnlySpan<byte> Text(scoped ref ReadOnlySpan<byte> rest)
    {
        var length = BinaryPrimitives.ReadUInt16BigEndian(rest);
        var text = rest.Slice(2, length);
        rest = rest[(2 + length)..];
        return text;
    }

    /// <summary>Codings in a row, read in place; an absent part is empty.</summary>
    public ref struct Tokens
    {
        private ReadOnlySpan<byte> rest;
        private int left;

        internal Tokens(ReadOnlySpan<byte> facets)
        {
            left = BinaryPrimitives.ReadUInt16BigEndian(facets);
            rest = facets[2..];
            System = Value = default;
        }

        /// <summary>The system, in UTF-8.</summary>
        public ReadOnlySpan<byte> System { get; private set; }

        /// <summary>The code, in UTF-8.</summary>
        public ReadOnlySpan<byte> Value { get; private set; }

        internal readonly ReadOnlySpan<byte> Rest => rest;

        /// <summary>Goes to the next; false at the end.</summary>
        public bool MoveNext()
        {
            if (left == 0)
            {
                return false;
            }

            left--;
            var known = rest[0];
            rest = rest[1..];
            System = known == 0 ? Text(ref rest) : Systems[known - 1];
            Value = Text(ref rest);
            return true;
        }
    }
}
