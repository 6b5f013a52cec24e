using System.Collections.Concurrent;
using PasientensMaledata.Identity;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Access;

/// <summary>
/// Which HPR numbers validated tokens had beside which PractitionerKey. With it a Block by HPR number holds also where a token leaves the number out.
/// </summary>
/// <param name="partitions">Where the pairs lie.</param>
public sealed class PractitionerPairings(IPartitions partitions)
{
    // More practitioners than one process meets; past it some pairs are written again, which is harmless.
    private const int MaxRemembered = 50_000;

    private readonly ConcurrentDictionary<(PractitionerKey, HprNumber), bool> remembered = new();

    /// <summary>Remembers a pair from a validated token. One storage request the first time in this process, else none.</summary>
    public async ValueTask LearnAsync(PractitionerKey key, HprNumber hpr, CancellationToken cancellationToken)
    {
        if (remembered.ContainsKey((key, hpr)))
        {
            return;
        }

        // That the pair is there already is as good.
        await partitions.CommitAsync(PartitionOf(key), [RowOperation.Insert(new($"p.{key}.{hpr}"), System.Text.Encoding.ASCII.GetBytes(hpr.Digits))], null, cancellationToken);
        // Stryker disable once all : so many never come in a test, and what is forgotten is only written again
        if (remembered.Count >= MaxRemembered)
        {
            // Stryker disable once Statement : as above
            remembered.Clear();
        }

        // Stryker disable once Boolean : that it is there is what counts
        remembered[(key, hpr)] = true;
    }

    /// <summary>The HPR numbers known beside a key. One storage request.</summary>
    public async ValueTask<IReadOnlyCollection<HprNumber>> FindAsync(PractitionerKey key, CancellationToken cancellationToken)
    {
        var found = new HashSet<HprNumber>();
        string? continuation = null;
        do
        {
            var page = await partitions.ReadRangeAsync(PartitionOf(key), new($"p.{key}."), new($"p.{key}~"), StorageLimits.MaxPageRows, continuation, cancellationToken);
            foreach (var row in page.Rows)
            {
                if (HprNumber.TryParse(System.Text.Encoding.ASCII.GetString(row.Value.Span), out var hpr))
                {
                    found.Add(hpr);
                }
            }

            continuation = page.Continuation;
        }
        while (continuation is not null);
        return found;
    }

    private static PartitionKey PartitionOf(PractitionerKey key) => new($"practitioners-{key.ToString()[..2]}");
}
