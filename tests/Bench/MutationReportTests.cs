using PasientensMaledata.Bench;

namespace PasientensMaledata.Tests.Bench;

/// <summary>What is told of mutation testing.</summary>
public sealed class MutationReportTests
{
    private const string Report = """
        {"files":{
          "/anywhere/shared/Access/A.cs":{"source":"one\n// Stryker disable once all: no difference\ntwo\nthree\n4\n5\n6\nseven","mutants":[
            {"status":"Killed","mutatorName":"Equality mutation","location":{"start":{"line":1}}},
            {"status":"Timeout","mutatorName":"Equality mutation","location":{"start":{"line":1}}},
            {"status":"Survived","mutatorName":"Boolean mutation","location":{"start":{"line":4}}},
            {"status":"Ignored","statusReason":"no difference","mutatorName":"Boolean mutation","location":{"start":{"line":3}}},
            {"status":"Ignored","statusReason":"Removed by block already covered filter","mutatorName":"Boolean mutation","location":{"start":{"line":8}}},
            {"status":"CompileError","mutatorName":"Boolean mutation","location":{"start":{"line":1}}}]},
          "/anywhere/shared/Access/B/C.cs":{"source":"x","mutants":[
            {"status":"Survived","static":true,"mutatorName":"String mutation","location":{"start":{"line":1}}},
            {"status":"NoCoverage","mutatorName":"Block removal","location":{"start":{"line":1}}}]},
          "/anywhere/shared/Other.cs":{"source":"x","mutants":[{"status":"Ignored","mutatorName":"Block removal","location":{"start":{"line":1}}}]}}}
        """;

    [Fact]
    public void Survivors_are_named_and_what_is_not_tested_counts_as_surviving()
    {
        var (report, page) = (Path.GetTempFileName(), Path.GetTempFileName());
        File.WriteAllText(report, Report);
        File.WriteAllText(page, "<!-- bench mutate -->\n<!-- end mutate -->\n");
        using var output = new StringWriter();
        Assert.Equal(1, MutationReport.Tell(report, page, output));
        Assert.Contains("survived: shared/Access/A.cs:4 Boolean mutation: three", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("survived: shared/Access/B/C.cs:1 Block removal: x", output.ToString(), StringComparison.Ordinal);
        var rows = Rows(page);
        Assert.Equal(["shared/Access 4 2 1 1 0 66.7", "shared/Access/B 2 0 1 0 1 0.0", "all 6 2 2 1 1 50.0"], rows[2..]);
    }

    [Fact]
    public void A_run_of_one_folder_leaves_what_is_told_of_the_others()
    {
        var (report, page) = (Path.GetTempFileName(), Path.GetTempFileName());
        File.WriteAllText(report, Report);
        File.WriteAllText(page, """
            <!-- bench mutate -->
            | folder        | mutants | killed | survived | excused | made once | score % |
            |---------------|--------:|-------:|---------:|--------:|----------:|--------:|
            | shared/Access |       9 |      9 |        0 |       0 |         0 |   100.0 |
            | shared/Log    |       4 |      3 |        0 |       1 |         0 |   100.0 |
            | all           |      13 |     12 |        0 |       1 |         0 |   100.0 |
            <!-- end mutate -->
            """);
        MutationReport.Tell(report, page, TextWriter.Null);
        Assert.Equal(["shared/Access 4 2 1 1 0 66.7", "shared/Access/B 2 0 1 0 1 0.0", "shared/Log 4 3 0 1 0 100.0", "all 10 5 2 2 1 71.4"], Rows(page)[2..]);
    }

    [Fact]
    public void Where_none_survives_all_is_well()
    {
        var report = Path.GetTempFileName();
        File.WriteAllText(report, Report.Replace("\"Survived\"", "\"Killed\"", StringComparison.Ordinal).Replace("NoCoverage", "Killed", StringComparison.Ordinal));
        Assert.Equal(0, MutationReport.Tell(report, null, TextWriter.Null));
        File.WriteAllText(report, """{"files":{}}""");
        Assert.Equal(1, MutationReport.Tell(report, null, TextWriter.Null));
    }

    private static List<string> Rows(string page) =>
        [.. File.ReadAllText(page).Split('\n').Where(l => l.StartsWith('|')).Select(l => string.Join(' ', l.Split('|', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)))];
}
