using System.Diagnostics;
using PasientensMaledata.Storage.Embedded;

namespace PasientensMaledata.Tests.Storage;

public sealed class ServiceLockTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_second_service_on_a_folder_is_told_who_is_there()
    {
        using var first = ServiceLock.TryTake(folder.Path, out var refusal);
        Assert.NotNull(first);
        Assert.Null(refusal);
        Assert.Null(ServiceLock.TryTake(folder.Path, out refusal));
        Assert.Contains($"process {Environment.ProcessId} ", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void The_lock_is_free_when_the_service_has_ended()
    {
        ServiceLock.TryTake(folder.Path, out _)!.Dispose();
        using var second = ServiceLock.TryTake(folder.Path, out _);
        Assert.NotNull(second);
    }

    [Fact]
    public async Task A_command_works_beside_the_service()
    {
        using var service = ServiceLock.TryTake(folder.Path, out _);
        await using var command = EmbeddedStorage.Open(folder.Path, TimeProvider.System);
        Assert.NotNull(service);
    }

    [Fact]
    public async Task The_lock_of_a_killed_process_is_free()
    {
        // flock(1) holds the same lock as the service does, in a process that can be killed; -o keeps its child from holding it too.
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists("/usr/bin/flock"), "flock(1) is not here.");
        var path = Path.Combine(folder.Path, "service.lock");
        var start = new ProcessStartInfo("/usr/bin/flock", ["-n", "-o", path, "-c", "echo held; exec cat"]) { RedirectStandardOutput = true, RedirectStandardInput = true };
        using var holder = Process.Start(start)!;
        Assert.Equal("held", await holder.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        Assert.Null(ServiceLock.TryTake(folder.Path, out var refusal));
        Assert.NotNull(refusal);

        holder.Kill(entireProcessTree: true);
        await holder.WaitForExitAsync(TestContext.Current.CancellationToken);
        using var taken = ServiceLock.TryTake(folder.Path, out _);
        Assert.NotNull(taken);
    }
}
