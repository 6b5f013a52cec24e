using PasientensMaledata.Bench;

if (args is [SameBytes.CommandName, var file])
{
    await SameBytes.ServeAsync(file, CancellationToken.None);
    return 0;
}

return await BenchCommand.RunAsync(args, Console.Out, Console.Error, CancellationToken.None);
