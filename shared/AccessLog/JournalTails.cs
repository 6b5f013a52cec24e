using System.Runtime.CompilerServices;
using PasientensMaledata.Storage;

namespace PasientensMaledata.AccessLog;

/// <summary>What lies in journals beyond what the tables know to have its place in the order.</summary>
internal static class JournalTails
{
    // Further back, one list of all is cheaper than one for each hour.
    private static readonly TimeSpan ByHour = TimeSpan.FromHours(48);

    /// <summary>Reads the lines. Looks as far back as the tables' last pass of sequencing says it must; at every journal where they know of none.</summary>
    public static async IAsyncEnumerable<JournalLine> ReadAsync(IBlobs blobs, IPartitions partitions, DateTimeOffset now, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var state = await LogState.ReadAsync(partitions, cancellationToken);
        var status = await LogStatus.ReadAsync(partitions, cancellationToken);
        var back = now - status?.SequencedUntil + Sequencer.LookBack;
        IEnumerable<string> prefixes = state is not null && back >= TimeSpan.Zero && back <= ByHour

            // One hour ahead: another process' clock may be.
            ? Enumerable.Range(-1, (int)back.Value.TotalHours + 3).Select(h => JournalName.HourPrefix(now.UtcDateTime.AddHours(-h)))
            : [JournalName.AllPrefix];
        foreach (var prefix in prefixes)
        {
            DateTime? hour = null;
            IReadOnlyDictionary<JournalName, long> offsets = new Dictionary<JournalName, long>();
            await foreach (var item in blobs.ListAsync(prefix, cancellationToken))
            {
                if (item.Length == 0 || !JournalName.TryParse(item.Name, out var journal))
                {
                    continue;
                }

                if (state is not null && hour != journal.Hour)
                {
                    hour = journal.Hour;
                    offsets = await state.OffsetsAsync(partitions, journal.Hour, cancellationToken);
                }

                var from = offsets.GetValueOrDefault(journal);
                if (item.Length > from)
                {
                    await foreach (var line in JournalLines.ReadAsync(blobs, journal, from, item.Length, cancellationToken))
                    {
                        yield return line;
                    }
                }
            }
        }
    }
}
