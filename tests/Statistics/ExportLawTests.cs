using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using DuckDB.NET.Data;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Simulator;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Tests.Statistics;

/// <summary>What holds of every export, whenever and however often it is made.</summary>
public class ExportLawTests
{
    private static readonly DateOnly Start = new(2026, 2, 1);

    [Fact]
    public async Task An_export_made_again_has_the_same_bytes_also_where_it_was_made_day_by_day()
    {
        var (_, events) = StatisticsWorld.Simulate(80, 25, Start, 40);
        await using var world = await StatisticsWorld.OpenAsync(events);
        for (var day = 0; day < 28; day++)
        {
            // Each night the log has a little more than the day.
            var size = events.FindIndex(e => e.Time >= Start.AddDays(day + 1).ToDateTime(new TimeOnly(1, 30)));
            await world.Export(treeSize: size).RunDueAsync(null, StatisticsWorld.Stop);
        }

        await world.Export().RunAsync(Start, Start.AddDays(27), again: false, null, StatisticsWorld.Stop);
        var nightly = world.Files();
        Assert.Contains("open/look-ups/month=2026-02/month.csv", nightly.Keys);
        await world.Export().RunAsync(Start, Start.AddDays(27), again: true, null, StatisticsWorld.Stop);
        AssertSame(nightly, world.Files());

        // Nothing there, and what was found of the log forgotten: the same again.
        await foreach (var item in world.Blobs.ListAsync("statistics-raw/", StatisticsWorld.Stop))
        {
            await DeleteAsync(world.Blobs, item.Name);
        }

        await DeleteAsync(world.Blobs, new("statistics/calendar.json"));
        await world.Export().RunAsync(Start, Start.AddDays(27), again: false, null, StatisticsWorld.Stop);
        AssertSame(nightly, world.Files());
    }

    [Fact]
    public async Task What_was_taken_out_of_the_folder_or_changed_by_hand_is_made_again()
    {
        var (_, events) = StatisticsWorld.Simulate(10, 5, Start, 3);
        await using var world = await StatisticsWorld.OpenAsync(events);
        await world.Export().RunAsync(Start, Start.AddDays(2), again: false, null, StatisticsWorld.Stop);
        var before = world.Files();

        Directory.Delete(Path.Combine(world.Folder, "statistics"), recursive: true);
        await world.Export().RunDueAsync(null, StatisticsWorld.Stop);
        await world.Export().RunAsync(Start, Start.AddDays(2), again: false, null, StatisticsWorld.Stop);
        AssertSame(before, world.Files());

        var csv = Path.Combine(world.Folder, "statistics", before.Keys.First(k => k.EndsWith(".csv.gz", StringComparison.Ordinal)));
        await File.WriteAllBytesAsync(csv, new byte[3], StatisticsWorld.Stop);
        File.Delete(Path.ChangeExtension(Path.ChangeExtension(csv, null), "parquet"));
        await world.Export().RunAsync(Start, Start.AddDays(2), again: true, null, StatisticsWorld.Stop);
        AssertSame(before, world.Files());
    }

    [Fact]
    public async Task What_comes_late_is_a_correction_and_the_closed_day_stays_as_it_was()
    {
        var (_, events) = StatisticsWorld.Simulate(30, 10, Start, 4);
        var late = events.First(e => e.Action != AccessAction.ParticipantsChange && DateOnly.FromDateTime(e.Time) == Start);
        events.Remove(late);
        events.Insert(events.FindIndex(e => e.Time >= Start.AddDays(2).ToDateTime(new TimeOnly(12, 0))), late);
        await using var world = await StatisticsWorld.OpenAsync(events);
        var size = events.FindIndex(e => e.Time >= Start.AddDays(1).ToDateTime(new TimeOnly(10, 0)));
        await world.Export(treeSize: size).RunAsync(Start, Start, again: false, null, StatisticsWorld.Stop);
        var before = world.Files();
        await world.Export().RunAsync(Start, Start.AddDays(2), again: true, null, StatisticsWorld.Stop);
        var after = world.Files();
        Assert.All(before.Where(f => f.Key.Contains($"date={Start:yyyy-MM-dd}", StringComparison.Ordinal) || f.Key.Contains($"days/{Start:yyyy-MM-dd}", StringComparison.Ordinal)), f => Assert.Equal(f.Value, after[f.Key]));
        using var manifest = JsonDocument.Parse(after["raw/days/2026-02-03/manifest.json"]);
        var correction = Assert.Single(manifest.RootElement.GetProperty("corrections").EnumerateArray());
        Assert.Equal(("2026-02-01", 1), (correction.GetProperty("date").GetString(), correction.GetProperty("events").GetInt32()));
        Assert.Contains(after.Keys, k => k.Contains("date=2026-02-01/correction-2026-02-03", StringComparison.Ordinal));
        var all = Scalar(world, "SELECT (SELECT count(*) FROM '{raw}/usage/date=2026-02-01/*.parquet') + (SELECT count(DISTINCT (filename, event)) FROM read_parquet('{raw}/submissions/date=2026-02-01/*.parquet', filename = true))");
        Assert.Equal(events.Count(e => DateOnly.FromDateTime(e.Time) == Start), all);
    }

    [Fact]
    public async Task A_day_that_is_not_over_stands_as_it_is_and_says_so()
    {
        var (_, events) = StatisticsWorld.Simulate(30, 10, Start, 2);
        await using var world = await StatisticsWorld.OpenAsync(events);
        await world.Export().RunAsync(Start, Start.AddDays(5), again: false, null, StatisticsWorld.Stop);
        Assert.True(Read(world, "raw/days/2026-02-01/manifest.json").GetProperty("complete").GetBoolean());
        Assert.False(Read(world, "raw/days/2026-02-02/manifest.json").GetProperty("complete").GetBoolean());
    }

    [Fact]
    public async Task Manifests_name_every_file_with_its_length_rows_and_hash()
    {
        var (_, events) = StatisticsWorld.Simulate(60, 15, Start, 40);
        await using var world = await StatisticsWorld.OpenAsync(events);
        await world.Export().RunAsync(Start, Start.AddDays(27), again: false, null, StatisticsWorld.Stop);
        var files = world.Files();
        foreach (var container in (string[])["raw", "open"])
        {
            var named = new HashSet<string>();
            foreach (var file in Read(world, $"{container}/manifest.json").GetProperty("files").EnumerateArray())
            {
                var path = $"{container}/{file.GetProperty("path").GetString()}";
                Assert.True(named.Add(path));
                Assert.Equal((files[path].Length, Convert.ToHexStringLower(SHA256.HashData(files[path]))), (file.GetProperty("bytes").GetInt32(), file.GetProperty("sha256").GetString()));
                if (!path.EndsWith(".parquet", StringComparison.Ordinal))
                {
                    Assert.Equal(file.GetProperty("rows").GetInt32(), Text(path, files[path]).Count(c => c == '\n') - 1);
                }
            }

            Assert.Equal(files.Keys.Where(k => k.StartsWith(container, StringComparison.Ordinal) && !k.EndsWith(".json", StringComparison.Ordinal)).Order(StringComparer.Ordinal), named.Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public async Task No_exported_byte_holds_a_person_number_a_name_an_HPR_number_or_a_key()
    {
        var (log, events) = StatisticsWorld.Simulate(200, 60, Start, 40);
        await using var world = await StatisticsWorld.OpenAsync(events);
        await world.Export().RunAsync(Start, Start.AddDays(39), again: false, null, StatisticsWorld.Stop);
        var people = new Simulation(new(200, 40, 7, Start, null, FaultRates.None)).People;
        List<string> secrets =
        [
            .. people.Select(p => p.Number), .. people.Select(p => log.KeyOf(p.Index).Partition.ToString()["patient-".Length..]), .. log.Personnel.Select(p => p.Hpr), .. log.Personnel.Select(p => p.Name),
            .. events.Where(e => e.Practitioner is not null).Select(e => e.Practitioner!.Key.ToString()).Distinct(), .. people.Select(p => p.Name).Distinct(),
        ];
        var found = System.Buffers.SearchValues.Create(secrets.ToArray(), StringComparison.OrdinalIgnoreCase);
        foreach (var (path, content) in world.Files())
        {
            Assert.False(Text(path, content).AsSpan().ContainsAny(found), path);
        }

        // Parquet is compressed: what it holds is told by a reader.
        foreach (var table in (string[])["usage", "submissions"])
        {
            foreach (var row in Rows(world, $"SELECT * FROM '{{raw}}/{table}/*/*.parquet'"))
            {
                Assert.False(row.AsSpan().ContainsAny(found));
            }
        }
    }

    [Fact]
    public async Task Killed_anywhere_and_started_again_it_makes_the_same_files()
    {
        var (_, events) = StatisticsWorld.Simulate(40, 15, Start, 40);
        await using var whole = await StatisticsWorld.OpenAsync(events);
        await whole.Export().RunAsync(Start, Start.AddDays(27), again: false, null, StatisticsWorld.Stop);
        var expected = whole.Files();
        var random = new SeededRandom(3);
        foreach (var path in Directory.EnumerateDirectories(Path.Combine(whole.Folder, "statistics")).ToList())
        {
            Assert.True(Directory.Exists(path));
        }

        await foreach (var item in whole.Blobs.ListAsync("statistics-raw/", StatisticsWorld.Stop))
        {
            await DeleteAsync(whole.Blobs, item.Name);
        }

        await foreach (var item in whole.Blobs.ListAsync("statistics-open/", StatisticsWorld.Stop))
        {
            await DeleteAsync(whole.Blobs, item.Name);
        }

        for (var kills = 0; ; kills++)
        {
            // Each life ends after some writes more.
            var dying = new DyingBlobs(whole.Blobs, random.Between(1, 60));
            try
            {
                await whole.Export(dying).RunAsync(Start, Start.AddDays(27), again: false, null, StatisticsWorld.Stop);
                Assert.True(kills > 2);
                break;
            }
            catch (DyingBlobs.KilledException)
            {
                Assert.True(kills < 200);
            }
        }

        AssertSame(expected, whole.Files());
    }

    [Fact]
    public async Task When_the_years_key_is_gone_raw_is_refused_and_open_can_be_made_again()
    {
        var (_, events) = StatisticsWorld.Simulate(30, 10, Start, 40);
        await using var world = await StatisticsWorld.OpenAsync(events);
        world.Clock.SetUtcNow(new(2027, 3, 31, 23, 59, 59, TimeSpan.Zero));
        var before = await world.Export().RunAsync(Start, Start.AddDays(1), again: true, null, StatisticsWorld.Stop);
        Assert.Empty(before.RefusedYears);
        world.Clock.SetUtcNow(new(2027, 4, 1, 0, 0, 0, TimeSpan.Zero));
        var after = await world.Export().RunAsync(Start, Start.AddDays(1), again: true, null, StatisticsWorld.Stop);
        Assert.Equal((0, 2026), (after.Days, Assert.Single(after.RefusedYears)));
        Assert.Equal(["2026-02"], after.Months);
        await foreach (var item in world.Blobs.ListAsync("keys/years/", StatisticsWorld.Stop))
        {
            Assert.Fail($"{item.Name} is still there.");
        }
    }

    [Fact]
    public async Task Counts_of_raw_and_open_are_those_that_a_naive_program_reckons_from_the_events()
    {
        var (_, events) = StatisticsWorld.Simulate(600, 200, Start, 40);
        await using var world = await StatisticsWorld.OpenAsync(events);
        await world.Export().RunAsync(Start, Start.AddDays(27), again: false, null, StatisticsWorld.Stop);
        var month = events.Where(e => e.Time < new DateTime(2026, 3, 1)).ToList();
        var created = month.Where(e => e.Submission is not null).SelectMany(e => e.Submission!.Entries.Where(x => x.Outcome == "created").Select(x => (Event: e, Entry: x))).ToList();
        Assert.Equal(created.Count, Scalar(world, "SELECT count(*) FROM '{raw}/submissions/*/*.parquet' WHERE outcome = 'created'"));
        Assert.Equal(created.Select(c => c.Event.Patient).Distinct().Count(), Scalar(world, "SELECT count(DISTINCT patient) FROM '{raw}/submissions/*/*.parquet' WHERE outcome = 'created'"));

        var seen = created.ToDictionary(c => c.Entry.Identity, c => c.Event.Time);
        var (day, week) = (0, 0);
        foreach (var look in events.Where(e => e is { Outcome: AccessOutcome.Permitted, LookUp: not null }))
        {
            foreach (var identity in look.LookUp!.Returned)
            {
                if (seen.Remove(identity, out var received) && look.Time - received <= TimeSpan.FromDays(7))
                {
                    week++;
                    day += look.Time - received <= TimeSpan.FromHours(24) ? 1 : 0;
                }
            }
        }

        var told = 0;
        foreach (var row in Rows(world, "SELECT measurements, looked_up_24h, looked_up_7d FROM '{open}/looked-up/month=2026-02/month.csv' WHERE dimension = 'total'"))
        {
            told++;
            Assert.Equal($"{created.Count}|{day}|{week}", row);
        }

        Assert.Equal(1, told);
        foreach (var concept in created.GroupBy(c => c.Entry.Concept))
        {
            var rows = Rows(world, $"SELECT measurements, patients FROM '{{open}}/measurements/month=2026-02/month.csv' WHERE dimension = 'concept' AND value = '{concept.Key}'").ToList();
            Assert.All(rows, r => Assert.Equal($"{concept.Count()}|{concept.Select(c => c.Event.Patient).Distinct().Count()}", r));
        }

        var looks = month.Where(e => e.Practitioner is not null && e.Action != AccessAction.Page && e.Outcome == AccessOutcome.Permitted).ToList();
        Assert.Equal(
            $"{looks.Count}|{looks.Select(l => l.Patient).Distinct().Count()}|{looks.Select(l => l.Practitioner!.Key).Distinct().Count()}",
            Assert.Single(Rows(world, "SELECT look_ups, patients, practitioners FROM '{open}/look-ups/month=2026-02/month.csv' WHERE dimension = 'total'")));
    }

    private static void AssertSame(SortedDictionary<string, byte[]> expected, SortedDictionary<string, byte[]> actual)
    {
        Assert.Equal(expected.Keys, actual.Keys);
        Assert.All(expected, f => Assert.True(f.Value.AsSpan().SequenceEqual(actual[f.Key]), f.Key));
    }

    private static JsonElement Read(StatisticsWorld world, string path) => JsonDocument.Parse(world.Files()[path]).RootElement;

    private static async Task DeleteAsync(IBlobs blobs, BlobName name)
    {
        var blob = await blobs.ReadAsync(name, 0, 1, StatisticsWorld.Stop);
        Assert.True(await blobs.DeleteAsync(name, blob!.Value.Version, StatisticsWorld.Stop));
    }

    private static string Text(string path, byte[] content)
    {
        if (!path.EndsWith(".gz", StringComparison.Ordinal))
        {
            return Encoding.Latin1.GetString(content).Length > 0 ? Encoding.UTF8.GetString(content) : "";
        }

        using var gzip = new GZipStream(new MemoryStream(content), CompressionMode.Decompress);
        using var reader = new StreamReader(gzip);
        return reader.ReadToEnd();
    }

    private static long Scalar(StatisticsWorld world, string sql) => long.Parse(Rows(world, sql).Single(), CultureInfo.InvariantCulture);

    private static IEnumerable<string> Rows(StatisticsWorld world, string sql)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql.Replace("{raw}", Path.Combine(world.Folder, "statistics", "raw"), StringComparison.Ordinal).Replace("{open}", Path.Combine(world.Folder, "statistics", "open"), StringComparison.Ordinal);
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            yield return string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => Convert.ToString(reader.GetValue(i), CultureInfo.InvariantCulture)));
        }
    }

    /// <summary>Storage of a process that is killed after some writes.</summary>
    private sealed class DyingBlobs(IBlobs blobs, int writes) : IBlobs
    {
        private int left = writes;

        public ValueTask<bool> CreateAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => Live() ?? blobs.CreateAsync(name, content, cancellationToken);

        public ValueTask<bool> CreateAppendableAsync(BlobName name, CancellationToken cancellationToken) => Live() ?? blobs.CreateAppendableAsync(name, cancellationToken);

        public ValueTask<AppendOutcome> AppendAsync(BlobName name, long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => blobs.AppendAsync(name, position, bytes, cancellationToken);

        public ValueTask<BlobRange?> ReadAsync(BlobName name, long offset, int maxBytes, CancellationToken cancellationToken) => blobs.ReadAsync(name, offset, maxBytes, cancellationToken);

        public IAsyncEnumerable<BlobItem> ListAsync(string prefix, CancellationToken cancellationToken) => blobs.ListAsync(prefix, cancellationToken);

        public ValueTask<bool> ReplaceAsync(BlobName name, BlobVersion version, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => Live() ?? blobs.ReplaceAsync(name, version, content, cancellationToken);

        public ValueTask<bool> DeleteAsync(BlobName name, BlobVersion version, CancellationToken cancellationToken) => Live() ?? blobs.DeleteAsync(name, version, cancellationToken);

        private ValueTask<bool>? Live() => left-- > 0 ? null : throw new KilledException();

        public sealed class KilledException : Exception;
    }
}
