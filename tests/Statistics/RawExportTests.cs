using DuckDB.NET.Data;
using PasientensMaledata.AccessLog;

namespace PasientensMaledata.Tests.Statistics;

public class RawExportTests
{
    private static readonly DateOnly Start = new(2026, 3, 2);

    [Fact]
    public async Task A_day_has_a_row_for_each_event_that_DuckDB_reads_from_Parquet_and_from_CSV()
    {
        var (_, events) = StatisticsWorld.Simulate(60, 15, Start, 4);
        await using var world = await StatisticsWorld.OpenAsync(events);
        var result = await world.Export().RunAsync(Start, Start.AddDays(3), again: false, null, StatisticsWorld.Stop);
        Assert.Equal(4, result.Days);
        foreach (var day in Enumerable.Range(0, 3).Select(Start.AddDays))
        {
            var ofDay = events.Where(e => DateOnly.FromDateTime(e.Time) == day).ToList();
            foreach (var pattern in (string[])["usage/date=*/*.parquet", "usage/date=*/*.csv.gz"])
            {
                Assert.Equal(ofDay.Count(e => e.Action != AccessAction.Submit), Query(world, $"SELECT count(*) FROM '{{raw}}/{pattern}' WHERE date = '{day:yyyy-MM-dd}'"));
            }

            foreach (var pattern in (string[])["submissions/date=*/*.parquet", "submissions/date=*/*.csv.gz"])
            {
                Assert.Equal(
                    ofDay.Where(e => e.Action == AccessAction.Submit).Sum(e => e.Submission!.Entries.Count),
                    Query(world, $"SELECT count(*) FROM '{{raw}}/{pattern}' WHERE date = '{day:yyyy-MM-dd}'"));
            }
        }
    }

    private static long Query(StatisticsWorld world, string sql)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql.Replace("{raw}", Path.Combine(world.Folder, "statistics", "raw"), StringComparison.Ordinal);
        return Convert.ToInt64(command.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
    }
}
