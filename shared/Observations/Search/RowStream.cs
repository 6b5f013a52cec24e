using PasientensMaledata.Observations.Rows;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Observations.Search;

/// <summary>Rows of one range, read page by page as they are wanted; or rows that are already there.</summary>
internal sealed class RowStream
{
    private readonly IPartitions? partitions;
    private readonly RowKey from;
    private readonly RowKey to;
    private readonly int pageSize;
    private IReadOnlyList<Row> rows = [];
    private string? continuation;
    private bool atEnd;
    private int next;

    /// <summary>Rows of a range of someone's partition.</summary>
    public RowStream(IPartitions partitions, PatientHead head, (RowKey From, RowKey To) range, int pageSize)
    {
        (this.partitions, Head, from, to, this.pageSize) = (partitions, head, range.From, range.To, pageSize);
        atEnd = from.CompareTo(to) >= 0;
    }

    /// <summary>Rows that are there, in order of position.</summary>
    public RowStream(PatientHead head, IReadOnlyList<Row> rows)
    {
        (Head, this.rows, atEnd) = (head, rows, true);
        PositionAt = rows.Count > 0 ? Offset(rows[0]) : 0;
    }

    /// <summary>Whose rows.</summary>
    public PatientHead Head { get; }

    /// <summary>The row it stands at.</summary>
    public Row Current => rows[next];

    private int PositionAt { get; set; }

    /// <summary>Makes sure that it stands at a row; false when there are no more.</summary>
    public ValueTask<bool> FillAsync(CancellationToken cancellationToken) =>
        next < rows.Count ? new(true) : atEnd ? new(false) : ReadAsync(cancellationToken);

    /// <summary>Goes on to the next row.</summary>
    public void Advance() => next++;

    /// <summary>Orders by position: newest first.</summary>
    public int CompareTo(RowStream other)
    {
        var (mine, others) = (Current.Key.ToString(), other.Current.Key.ToString());
        return mine.AsSpan(Offset(Current)).SequenceCompareTo(others.AsSpan(other.Offset(other.Current)));
    }

    private async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
    {
        while (!atEnd)
        {
            var page = await partitions!.ReadRangeAsync(Head.Person.Key.Partition, from, to, pageSize, continuation, cancellationToken);
            (rows, continuation, next) = (page.Rows, page.Continuation, 0);
            atEnd = continuation is null;
            if (rows.Count > 0)
            {
                // One Concept in the range: its length is the same for all.
                PositionAt = PositionAt == 0 ? Offset(rows[0]) : PositionAt;
                return true;
            }
        }

        return false;
    }

    private int Offset(Row row)
    {
        var key = row.Key.ToString();
        return PositionAt > 0 && key[0] == 'o' ? PositionAt : key.IndexOf('.', 2) + 1;
    }
}
