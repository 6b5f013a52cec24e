using PasientensMaledata.Identity;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Access.Privacy;

/// <summary>Which patients have ever had a setting: one row each, so that all settings can be gone through without going through all patients.</summary>
internal static class SettingIndex
{
    /// <summary>The partitions it lies in.</summary>
    // Stryker disable once all : made once, before a mutant is switched on
    public static IEnumerable<PartitionKey> Partitions { get; } = [.. Enumerable.Range(0, 256).Select(i => new PartitionKey($"settings-{i:x2}"))];

    /// <summary>Adds a patient. One storage request, none for one who has settings already.</summary>
    public static async ValueTask AddAsync(IPartitions partitions, PatientKey patient, bool hasSettings, CancellationToken cancellationToken)
    {
        if (!hasSettings)
        {
            var bytes = new byte[PatientKey.Size];
            patient.Write(bytes);

            // Whether it was there already makes no difference.
            await partitions.CommitAsync(new($"settings-{bytes[0]:x2}"), [RowOperation.Insert(new($"s.{Convert.ToHexStringLower(bytes)}"), bytes)], null, cancellationToken);
        }
    }

    /// <summary>Goes through all.</summary>
    public static async IAsyncEnumerable<PatientKey> ListAsync(IPartitions partitions, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var partition in Partitions)
        {
            string? continuation = null;
            do
            {
                var page = await partitions.ReadRangeAsync(partition, new("s."), new("s~"), StorageLimits.MaxPageRows, continuation, cancellationToken);
                foreach (var row in page.Rows)
                {
                    yield return PatientKey.Read(row.Value.Span);
                }

                continuation = page.Continuation;
            }
            while (continuation is not null);
        }
    }
}
