using PasientensMaledata.AccessLog;
using PasientensMaledata.AccessLog.Tree;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Faulty;

namespace PasientensMaledata.Tests.AccessLog;

public sealed class SequencerTests
{
    [Fact]
    public async Task Every_event_has_one_place_and_a_patients_rows_are_chained_newest_first()
    {
        await using var log = await TestLog.OpenAsync();
        var (one, other) = (log.Journal(), log.Journal());
        List<AccessEvent> appended = [];
        for (var round = 0; round < 5; round++)
        {
            appended.AddRange(await log.AppendAsync(one, 40));
            appended.AddRange(await log.AppendAsync(other, 20));
            Assert.Equal(60, await log.Sequencer().RunAsync(everything: false, default));
            log.Clock.Advance(TimeSpan.FromMinutes(17));
        }

        Assert.Equal(0, await log.Sequencer().RunAsync(everything: true, default));
        var read = await log.ReadAsync();
        Assert.Equal(Enumerable.Range(0, 300).Select(i => (long)i), read.Select(e => e.Index));
        Assert.Equal(appended.Select(e => e.Id).Order(), read.Select(e => e.Event.Id).Order());
        Assert.Equal(300, await new LogReader(log.Blobs).SizeAsync(default));
        foreach (var patient in read.Where(e => e.Event.Patient is not null).GroupBy(e => e.Event.Patient!.Value))
        {
            var rows = await log.RowsAsync(patient.Key);
            Assert.Equal(patient.Select(e => e.Index), rows.Select(r => r.Index).Order());
            Assert.Equal(rows.Select(r => r.Time).OrderDescending(), rows.Select(r => r.Time));
            byte[]? previous = null;
            foreach (var (row, serial) in rows.OrderBy(r => r.Index).Select((r, i) => (r, i + 1)))
            {
                Assert.Equal(serial, row.Entry.Serial);
                Assert.Equal(previous, row.Entry.Previous);
                var line = await row.LineAsync(log.Blobs, default);
                Assert.Equal(read[(int)row.Index].Event.Id, EventLine.Read(line).Id);
                previous = row.Entry.Hash(line.Span);
            }
        }
    }

    [Fact]
    public async Task Any_part_of_the_order_can_be_read()
    {
        await using var log = await TestLog.OpenAsync();
        var journal = log.Journal();
        for (var round = 0; round < 6; round++)
        {
            await log.AppendAsync(journal, 15);
            await log.Sequencer().RunAsync(everything: false, default);
        }

        var all = await log.ReadAsync();
        foreach (var (from, to) in new[] { (0, 90), (0, 1), (14, 16), (15, 30), (89, 90), (90, 95), (30, 30), (44, 47) })
        {
            Assert.Equal(all.Where(e => e.Index >= from && e.Index < to).Select(e => e.Event.Id), (await log.ReadAsync(from, to)).Select(e => e.Event.Id));
        }
    }

    [Fact]
    public async Task The_tree_is_that_of_the_specification_at_every_size()
    {
        var edge = new TreeEdge();
        List<byte[]> leaves = [];
        Dictionary<Tile, byte[]> tiles = [];
        Assert.Equal(Reference.Root([]), edge.Root());
        for (var i = 0; i < 70_000; i++)
        {
            var leaf = TreeHash.Leaf(BitConverter.GetBytes(i));
            leaves.Add(leaf);
            edge.Add(leaf, tiles.Add);
            if (i is < 600 or 65_534 or 65_535 or 65_536 or 69_999)
            {
                Assert.Equal(Reference.Root(leaves), edge.Root());
                Assert.Equal(edge.Root(), TreeEdge.Parse(edge.Size, edge.Format()).Root());
            }
        }

        // The specification's own example: 273 full tiles of level 0, one of level 1, partial ones of 112, 17 and 1.
        Assert.Equal(273, tiles.Keys.Count(t => t.Level == 0));
        Assert.Equal([new Tile(1, 0)], tiles.Keys.Where(t => t.Level > 0));
        Assert.Equal([112, 17, 1, 0], Enumerable.Range(0, 4).Select(l => edge.Partial(l).Length / TreeHash.Size));
        Assert.Equal(leaves.Skip(256 * 7).Take(256).SelectMany(l => l), tiles[new(0, 7)]);
        await Task.CompletedTask;
    }

    [Theory]
    [InlineData(0, "000")]
    [InlineData(7, "007")]
    [InlineData(1000, "x001/000")]
    [InlineData(1234067, "x001/x234/067")]
    public void Tiles_have_the_addresses_of_the_specification(long index, string path)
    {
        Assert.Equal($"tile/3/{path}", new Tile(3, index).Blob.ToString());
        Assert.True(Tile.TryParse($"3/{path}", out var tile, out var width));
        Assert.Equal((new Tile(3, index), 256), (tile, width));
        Assert.True(Tile.TryParse($"3/{path}.p/17", out tile, out width));
        Assert.Equal((new Tile(3, index), 17), (tile, width));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("0/")]
    [InlineData("64/000")]
    [InlineData("00/000")]
    [InlineData("-1/000")]
    [InlineData("0/0")]
    [InlineData("0/0000")]
    [InlineData("0/001/000")]
    [InlineData("0/x000/000")]
    [InlineData("0/x001/x000")]
    [InlineData("0/000.p/0")]
    [InlineData("0/000.p/256")]
    [InlineData("0/000.p/01")]
    [InlineData("0/000.p/")]
    [InlineData("0/٠٠١")]
    [InlineData("0/x999/x999/x999/x999/x999/x999/999")]
    public void What_is_no_address_of_a_tile_is_none(string address) => Assert.False(Tile.TryParse(address, out _, out _));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Whatever_storage_does_and_however_many_sequence_at_once_the_order_and_what_follows_from_it_are_one(int seed)
    {
        await using var log = await TestLog.OpenAsync();
        var random = new Random(seed);
        var journals = new[] { log.Journal(), log.Journal(), log.Journal() };
        List<Guid> appended = [];
        for (var round = 0; round < 12; round++)
        {
            foreach (var journal in journals)
            {
                appended.AddRange((await log.AppendAsync(journal, random.Next(60))).Select(e => e.Id));
            }

            log.Clock.Advance(TimeSpan.FromMinutes(random.Next(20)));
            await Task.WhenAll(Enumerable.Range(0, 3).Select(n => Task.Run(async () =>
            {
                var blobs = new FaultyBlobs(log.Blobs, FaultPlan.Rough, new Random((seed * 100) + (round * 3) + n), log.Clock);
                var partitions = new FaultyPartitions(log.Partitions, FaultPlan.Rough with { Unavailable = 0.02, LostAnswer = 0.02 }, new Random((seed * 100) + (round * 3) + n), log.Clock);
                for (var attempt = 0; attempt < 10; attempt++)
                {
                    try
                    {
                        await log.Sequencer(blobs, partitions).RunAsync(everything: attempt % 2 == 0, default);
                    }
                    catch (StorageUnavailableException)
                    {
                        // Killed there, as it were: the next goes on.
                    }
                }
            })));
        }

        await log.Sequencer().RunAsync(everything: true, default);
        var read = await log.ReadAsync();
        Assert.Equal(appended.Order(), read.Select(e => e.Event.Id).Order());

        // Derived anew from nothing, the tiles are the same, and so are the rows.
        var before = (await log.BlobsAsync("tile/"), await RowsAsync(log));
        Assert.NotEmpty(before.Item1);
        await log.Sequencer().RebuildAsync(default);
        Assert.Equal(before.Item1, await log.BlobsAsync("tile/"));
        Assert.Equal(before.Item2, await RowsAsync(log));
    }

    [Fact]
    public async Task What_is_found_late_is_marked_and_lies_where_its_time_is()
    {
        await using var log = await TestLog.OpenAsync();
        var journal = log.Journal();
        await log.AppendAsync(journal, 3);
        log.Clock.Advance(TimeSpan.FromHours(10));
        Assert.Equal(0, await log.Sequencer().RunAsync(everything: false, default));
        await log.AppendAsync(log.Journal(), 2);
        Assert.Equal(2, await log.Sequencer().RunAsync(everything: false, default));
        Assert.Equal(3, await log.Sequencer().RunAsync(everything: true, default));
        List<int> late = [];
        await foreach (var (record, _) in new Sequence(log.Blobs).ReadAsync(new(0, 0, 0), default))
        {
            late.AddRange(record.Ranges.Select(r => r.Late));
        }

        Assert.Equal([0, 3], late);
    }

    [Fact]
    public async Task A_full_blob_of_the_sequence_leads_to_the_next()
    {
        await using var log = await TestLog.OpenAsync();
        var sequence = new Sequence(log.Blobs);
        Assert.True(JournalName.TryParse("2026/11/20/12/abc-0", out var name));
        var at = new SequencePlace(0, 0, 0);
        for (var i = 0; i <= Sequence.MaxRecords + 3; i++)
        {
            var record = new SequenceRecord(i, TestLog.Noon.UtcDateTime, [new(name, i, i + 1, 1, 0)]);
            var next = await sequence.AppendAsync(at, record, default);
            Assert.NotNull(next);

            // One who comes second is refused, also where the first has gone on to the next blob.
            Assert.Null(await sequence.AppendAsync(at, record, default));
            at = next.Value;
        }

        Assert.Equal((1, 4), (at.Blob, at.Records));
        Assert.Equal(Sequence.MaxRecords + 4, await sequence.SizeAsync(default));
        Assert.Equal(1, (await sequence.FindAsync(Sequence.MaxRecords, default)).Blob);
        Assert.Equal(0, (await sequence.FindAsync(Sequence.MaxRecords - 1, default)).Blob);
        var next0 = 0L;
        await foreach (var (record, position) in sequence.ReadAsync(new(0, 0, 0), default))
        {
            Assert.Equal(next0++, record.First);
            Assert.True(position.Records <= Sequence.MaxRecords);
        }

        Assert.Equal(Sequence.MaxRecords + 4, next0);
    }

    private static async Task<List<string>> RowsAsync(TestLog log)
    {
        List<string> rows = [];
        for (var i = 0; i < 10; i++)
        {
            rows.AddRange((await log.RowsAsync(log.Events.Patient(i))).Select(r => r.Id + Convert.ToHexStringLower(r.Format())));
        }

        return rows;
    }
}
