using PasientensMaledata.Access.Privacy;
using PasientensMaledata.Access.PrivacyComponent;
using PasientensMaledata.Identity;
using PasientensMaledata.Storage;
using PasientensMaledata.Tests.Observations;

namespace PasientensMaledata.Tests.Access;

/// <summary>Our settings and the privacy component's, without HTTP between.</summary>
internal sealed class PrivacyComponentWorld(TestStore storage, PrivacyComponentDouble there) : IAsyncDisposable
{
    public static readonly PvkDefinitions Definitions = new("PMD", Guid.Parse("11111111-1111-1111-1111-111111111111"), Guid.Parse("22222222-2222-2222-2222-222222222222"), Guid.Parse("33333333-3333-3333-3333-333333333333"));
    public static readonly PvkSettings Form = new(Definitions, NationalIdPolicy.Synthetic, c => c is "bp" or "pulse");

    private readonly HttpClient http = new(there) { BaseAddress = new("https://pvk.example/") };

    public PrivacyComponentDouble There => there;

    public TestStore Storage => storage;

    public IPartitions Partitions => storage.Partitions;

    public List<SettingChange> Changed { get; } = [];

    public PrivacyStore Store { get; private set; } = null!;

    public PvkReconciliation Reconciliation { get; private set; } = null!;

    public static async Task<PrivacyComponentWorld> OpenAsync()
    {
        var storage = await TestStore.OpenAsync();
        var world = new PrivacyComponentWorld(storage, new());
        world.Store = new(storage.Partitions, storage.Service.Ring, storage.Service.Directory, storage.Clock, hasPrivacyComponent: true);
        world.Reconciliation = new(new(world.http, Definitions), Definitions, Form, world.Store, storage.Partitions, storage.Service.Ring, storage.Clock, (_, change, _) =>
        {
            world.Changed.Add(change);
            return Task.CompletedTask;
        });
        return world;
    }

    /// <summary>A process of the service, as it starts.</summary>
    public PvkMaster NewProcess() => new(Reconciliation, Partitions, storage.Clock);

    public Task<PvkReport> RunAsync() => Reconciliation.RunAsync(default);

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await storage.DisposeAsync();
    }
}
