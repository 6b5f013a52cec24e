using System.Text;
using PasientensMaledata.AccessLog.Verification;
using PasientensMaledata.Storage;
using PasientensMaledata.Tests.Functions;

namespace PasientensMaledata.Tests.AccessLog;

/// <summary>The verification that the service does of itself each night.</summary>
public sealed class StandingVerificationTests
{
    private static readonly BlobName Remembered = new("verified/access-log.json");

    [Fact]
    public async Task It_remembers_the_newest_checkpoint_of_a_whole_log_and_goes_on_from_it()
    {
        await using var service = await TestService.StartAsync();
        Assert.Null((await VerifyAsync(service)).Fault);
        Assert.Null(await RememberedAsync(service));
        var first = await LookAndVerifyAsync(service);
        var second = await LookAndVerifyAsync(service);
        Assert.NotEqual(first, second);
        Assert.Equal("2", second.Split('\n')[1]);
    }

    [Fact]
    public async Task A_whole_log_that_did_not_grow_out_of_the_remembered_one_is_found()
    {
        await using var other = await TestService.StartAsync();
        await using var service = await TestService.StartAsync();
        _ = await LookAndVerifyAsync(other);
        _ = await LookAndVerifyAsync(service);
        var theirs = (await other.Service.Blobs.ReadAsync(Remembered, 0, StorageLimits.MaxBlobBytes, default))!.Value.Content;
        var ours = (await service.Service.Blobs.ReadAsync(Remembered, 0, StorageLimits.MaxBlobBytes, default))!.Value;
        Assert.True(await service.Service.Blobs.ReplaceAsync(Remembered, ours.Version, theirs, default));
        Assert.NotNull((await VerifyAsync(service)).Fault);

        // What is remembered stays, until someone has looked into it.
        Assert.True((await service.Service.Blobs.ReadAsync(Remembered, 0, StorageLimits.MaxBlobBytes, default))!.Value.Content.Span.SequenceEqual(theirs.Span));
    }

    private static Task<LogVerdict> VerifyAsync(TestService service) => new StandingVerification(service.Service.Blobs, service.Service.Partitions).RunAsync(default);

    private static async Task<string> LookAndVerifyAsync(TestService service)
    {
        await service.SearchAsync($"patient.identifier={SyntheticNumbers.Number(70)}");
        await service.Service.Log.Sequencer.RunAsync(everything: true, default);
        var verdict = await VerifyAsync(service);
        Assert.Null(verdict.Fault);
        var remembered = (await RememberedAsync(service))!.Checkpoint;
        Assert.Equal(verdict.Newest, remembered);
        return remembered;
    }

    private static async Task<RememberedCheckpoint?> RememberedAsync(TestService service) =>
        await service.Service.Blobs.ReadAsync(Remembered, 0, StorageLimits.MaxBlobBytes, default) is { } read ? RememberedCheckpoint.Parse(Encoding.UTF8.GetString(read.Content.Span)) : null;
}
