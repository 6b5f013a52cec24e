using System.Runtime.CompilerServices;
using PasientensMaledata.Storage;

namespace PasientensMaledata.AccessLog;

/// <summary>
/// Reads the log in its committed order, from journals and sequence alone: nothing derived is trusted. Holds a piece of a journal at a time.
/// </summary>
/// <param name="blobs">Where they lie.</param>
public sealed class LogReader(IBlobs blobs)
{
    private readonly Sequence sequence = new(blobs);

    /// <summary>How many events are sequenced: the first index that has none.</summary>
    public Task<long> SizeAsync(CancellationToken cancellationToken) => sequence.SizeAsync(cancellationToken);

    /// <summary>Reads events by index.</summary>
    /// <param name="from">First index, included.</param>
    /// <param name="to">The index that ends it, not part of it; past the end of the log the log's end.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="InvalidDataException">Journal or sequence is damaged: <c>./pmd verify-log</c> tells where.</exception>
    public async IAsyncEnumerable<(long Index, AccessEvent Event)> ReadSequenceAsync(long from, long to, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var (index, line) in ReadLinesAsync(from, to, cancellationToken))
        {
            AccessEvent logged;
            try
            {
                logged = EventLine.Read(line.Line);
            }
            catch (FormatException e)
            {
                throw new InvalidDataException($"{line.Journal.Blob} has no event at byte {line.From}.", e);
            }

            yield return (index, logged);
        }
    }

    /// <summary>Reads lines by index, as <see cref="ReadSequenceAsync"/>.</summary>
    /// <inheritdoc cref="ReadSequenceAsync"/>
    public async IAsyncEnumerable<(long Index, JournalLine Line)> ReadLinesAsync(long from, long to, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        if (from >= to)
        {
            yield break;
        }

        await foreach (var (record, _) in sequence.ReadAsync(await sequence.FindAsync(from, cancellationToken), cancellationToken))
        {
            var index = record.First;
            foreach (var range in record.Ranges)
            {
                if (index + range.Lines <= from)
                {
                    index += range.Lines;
                    continue;
                }

                await foreach (var line in JournalLines.ReadAsync(blobs, range.Journal, range.From, range.To, cancellationToken))
                {
                    if (index >= to)
                    {
                        yield break;
                    }

                    if (index >= from)
                    {
                        yield return (index, line);
                    }

                    index++;
                }
            }

            if (index >= to)
            {
                yield break;
            }
        }
    }
}
