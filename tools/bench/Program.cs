using PasientensMaledata.Bench;

if (args is [SameBytes.CommandName, var file])
{
    await SameBytes.ServeAsync(file, CancellationToken.None);
    return 0;
}

if (args is [MutationReport.CommandName, var report, var page])
{
    return MutationReport.Tell(report, page.Length > 0 ? page : null, Console.Out);
}

return await BenchCommand.RunAsync(args, Console.Out, Console.Error, CancellationToken.None);
