using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using PasientensMaledata.Access.FollowUps;
using PasientensMaledata.Access.Privacy;
using PasientensMaledata.Identity;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Observations.Rows;

/// <summary>What a line of a patient's catalogue says.</summary>
public enum CatalogueKind : byte
{
    /// <summary>A coding that Observations of the Concept carry.</summary>
    Coding = 1,

    /// <summary>A group of a hash bucket, by which <c>$lastn</c> counts; the code is the group in hexadecimal.</summary>
    Group = 2,

    /// <summary>There are Observations without effective time.</summary>
    Untimed = 3,

    /// <summary>There are Observations over long spans.</summary>
    LongSpan = 4,

    /// <summary>There are Observations with a short span.</summary>
    ShortSpan = 5,
}

/// <summary>One line of a patient's catalogue: written with the first Observation it is true of, never taken away.</summary>
/// <param name="Concept">Slug of the Concept or hash bucket.</param>
/// <param name="Kind">What it says.</param>
/// <param name="System">The coding's system, empty where absent.</param>
/// <param name="Code">The coding's code.</param>
public readonly record struct CatalogueLine(string Concept, CatalogueKind Kind, string System, string Code);

/// <summary>The head of a patient's partition, read whole in one request: the person's row, the catalogue, the privacy settings and the FollowUps.</summary>
public sealed class PatientHead
{
    private readonly HashSet<CatalogueLine> catalogue;

    private PatientHead(Person person, HashSet<CatalogueLine> catalogue, PatientSettings settings, IReadOnlyList<FollowUp> followUps) =>
        (Person, this.catalogue, Settings, FollowUps) = (person, catalogue, settings, followUps);

    /// <summary>Whose it is.</summary>
    public Person Person { get; }

    /// <summary>The catalogue.</summary>
    public IReadOnlySet<CatalogueLine> Catalogue => catalogue;

    /// <summary>The privacy settings under this key alone.</summary>
    public PatientSettings Settings { get; }

    /// <summary>The FollowUps under this key alone.</summary>
    public IReadOnlyList<FollowUp> FollowUps { get; }

    /// <summary>The privacy settings of someone, whose keys' heads these are; none where there are no heads.</summary>
    public static PatientSettings SettingsOf(IReadOnlyList<PatientHead> heads) => heads.Aggregate(PatientSettings.None, (all, head) => all.Join(head.Settings));

    /// <summary>The FollowUps of someone, whose keys' heads these are.</summary>
    public static IReadOnlyList<FollowUp> FollowUpsOf(IReadOnlyList<PatientHead> heads) => heads is [var only] ? only.FollowUps : [.. heads.SelectMany(h => h.FollowUps)];

    /// <summary>Concepts and buckets of which the patient has something with a short span or no time.</summary>
    public IEnumerable<string> Concepts => catalogue.Where(l => l.Kind is CatalogueKind.ShortSpan or CatalogueKind.Untimed).Select(l => l.Concept).Distinct();

    /// <summary>
    /// Reads the heads of someone: first that of the key that takes new writes, then those of the keys joined with it. None where there is no such
    /// patient, as after deletion. One storage request, and one more for each joined key.
    /// </summary>
    /// <exception cref="CryptographicException">The person's row cannot be opened.</exception>
    public static async ValueTask<IReadOnlyList<PatientHead>> ReadAllAsync(IPartitions partitions, KeyRing ring, PatientKey patient, CancellationToken cancellationToken)
    {
        var head = await ReadAsync(partitions, ring, patient, cancellationToken);
        if (head?.Person.LeadsTo is { } primary)
        {
            head = await ReadAsync(partitions, ring, primary, cancellationToken);
        }

        var heads = new List<PatientHead>(1);
        foreach (var joined in head?.Person.Joined ?? [])
        {
            if (await ReadAsync(partitions, ring, joined, cancellationToken) is { } other)
            {
                heads.Add(other);
            }
        }

        return head is null ? [] : [head, .. heads];
    }

    /// <summary>Reads the head of one key alone; null where there is none.</summary>
    /// <exception cref="CryptographicException">The person's row, a privacy setting or a FollowUp cannot be opened.</exception>
    public static async ValueTask<PatientHead?> ReadAsync(IPartitions partitions, KeyRing ring, PatientKey patient, CancellationToken cancellationToken)
    {
        Person? person = null;
        var catalogue = new HashSet<CatalogueLine>();
        var sealedRows = new List<Row>();
        string? continuation = null;
        do
        {
            var page = await partitions.ReadRangeAsync(patient.Partition, ObservationKeys.HeadFrom, ObservationKeys.HeadTo, StorageLimits.MaxPageRows, continuation, cancellationToken);
            foreach (var row in page.Rows)
            {
                if (row.Key.ToString().StartsWith("a.cat.", StringComparison.Ordinal))
                {
                    catalogue.Add(ReadLine(row));
                }
                else if (row.Key == Person.RowKey(patient))
                {
                    if (Person.MasterNumber(row.Value.Span) > ring.Master.Current)
                    {
                        // Wrapped by a master key made since.
                        await ring.RefreshAsync(cancellationToken);
                    }

                    person = Person.FromRow(patient, row.Value.Span, ring.Master);
                }
                else
                {
                    sealedRows.Add(row);
                }
            }

            continuation = page.Continuation;
        }
        while (continuation is not null);
        return person is null ? null : new(person, catalogue, SettingRow.ReadAll(person, sealedRows), FollowUp.ReadAll(person, sealedRows));
    }

    /// <summary>The lines by which an Observation is found.</summary>
    public static IReadOnlyList<CatalogueLine> LinesFor(ObservationFacts facts)
    {
        var lines = new List<CatalogueLine>(2 + facts.Codings.Count) { TimeLine(facts.Concept, facts.Effective) };
        for (var i = 0; i < facts.Codings.Count; i++)
        {
            lines.Add(new(facts.Concept, CatalogueKind.Coding, facts.Codings[i].System ?? "", facts.Codings[i].Value ?? ""));
        }

        return WithGroup(lines, facts.Concept, facts.Group);
    }

    /// <summary>The lines by which a stored Observation is found.</summary>
    public static IReadOnlyList<CatalogueLine> LinesFor(ObservationRow row)
    {
        var concept = row.Concept;
        var lines = new List<CatalogueLine>(4) { TimeLine(concept, row.Effective) };
        for (var codings = row.Codings; codings.MoveNext();)
        {
            lines.Add(new(concept, CatalogueKind.Coding, Encoding.UTF8.GetString(codings.System), Encoding.UTF8.GetString(codings.Value)));
        }

        return WithGroup(lines, concept, row.Group);
    }

    /// <summary>The row that adds a line.</summary>
    public static RowOperation Insert(PatientKey patient, CatalogueLine line, byte[] identityKey)
    {
        var system = Encoding.UTF8.GetBytes(line.System);
        var code = Encoding.UTF8.GetBytes(line.Code);
        var value = new byte[3 + system.Length + code.Length];
        value[0] = (byte)line.Kind;
        BinaryPrimitives.WriteUInt16BigEndian(value.AsSpan(1), (ushort)system.Length);
        system.CopyTo(value, 3);
        code.CopyTo(value, 3 + system.Length);

        var named = new byte[PatientKey.Size + value.Length];
        patient.Write(named);
        value.CopyTo(named, PatientKey.Size);
        Span<byte> hash = stackalloc byte[32];
        KeyedHash.Compute(identityKey, named, hash);
        return RowOperation.Insert(new($"a.cat.{line.Concept}.{Convert.ToHexStringLower(hash[..16])}"), value);
    }

    /// <summary>Remembers a line that is now stored.</summary>
    public void Add(CatalogueLine line) => catalogue.Add(line);

    private static CatalogueLine TimeLine(string concept, EffectiveTime effective) =>
        new(concept, !effective.HasTime ? CatalogueKind.Untimed : effective.IsLong ? CatalogueKind.LongSpan : CatalogueKind.ShortSpan, "", "");

    private static List<CatalogueLine> WithGroup(List<CatalogueLine> lines, string concept, ulong group)
    {
        if (group != 0)
        {
            lines.Add(new(concept, CatalogueKind.Group, "", $"{group:x16}"));
        }

        return lines;
    }

    private static CatalogueLine ReadLine(Row row)
    {
        var key = row.Key.ToString();
        var concept = key["a.cat.".Length..key.LastIndexOf('.')];
        var value = row.Value.Span;
        int length = BinaryPrimitives.ReadUInt16BigEndian(value[1..]);
        return new(concept, (CatalogueKind)value[0], Encoding.UTF8.GetString(value.Slice(3, length)), Encoding.UTF8.GetString(value[(3 + length)..]));
    }
}
