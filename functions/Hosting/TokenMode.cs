using PasientensMaledata.Access;
using PasientensMaledata.Access.Decision;
using PasientensMaledata.Access.Participants;
using PasientensMaledata.Access.Privacy;
using PasientensMaledata.Access.Registers;
using PasientensMaledata.Access.Tokens;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Functions.Access;
using PasientensMaledata.Functions.Streaming;
using PasientensMaledata.Identity;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Functions.Hosting;

/// <summary>The service as it is where callers are known by tokens: with Participants from storage, registers from a file, and caps.</summary>
public sealed class TokenMode : IDisposable
{
    // Proofs are forgotten minute by minute; so many of them at most at a time.
    private const int PurgedMinutes = 60;

    private readonly HttpMessageHandler issuers;
    private readonly HttpMessageHandler component;
    private readonly HttpClient? componentClient;
    private readonly ParticipantStore participants;
    private readonly ReplayMemory memory;
    private readonly LookUpCaps caps;

    /// <param name="partitions">Rows.</param>
    /// <param name="blobs">Blobs.</param>
    /// <param name="ring">Keys.</param>
    /// <param name="policy">Which person numbers are accepted.</param>
    /// <param name="storageName">What <c>/health</c> calls the storage.</param>
    /// <param name="time">The clock.</param>
    /// <param name="options">Who is trusted.</param>
    /// <param name="rules">What the operator chose.</param>
    /// <param name="registers">The national registers.</param>
    /// <param name="issuers">The way to the issuers; null for the network's.</param>
    /// <param name="stream">How events are received.</param>
    /// <param name="component">The way to Helsenorge's privacy component; null for the network's.</param>
    public TokenMode(
        IPartitions partitions, IBlobs blobs, KeyRing ring, NationalIdPolicy policy, string storageName, TimeProvider time,
        AuthOptions options, AccessRules rules, IRegisters registers, HttpMessageHandler? issuers = null, StreamOptions? stream = null,
        HttpMessageHandler? component = null)
    {
        this.issuers = issuers ?? Network();
        this.component = component ?? Network();
        participants = new(blobs, time);
        memory = new(partitions, options.Window, time);
        caps = new(partitions, ring, time);
        var authenticator = new Authenticator(options, policy, () => ring.Current.Practitioner, memory, this.issuers, time);
        Service = Service.Over(
            partitions, blobs, ring, policy, storageName, time, new TokenAuthentication(authenticator),
            new(Participants, rules with { AttestRequired = options.Attest == AttestRule.Required }, registers, new(partitions), caps, time), stream) with
        {
            PublicBases = new([.. options.PublicBases.Select(b => b.AbsoluteUri.TrimEnd('/'))]),
            Timed =
            [
                new("participants", ParticipantStore.RefreshInterval, participants.RefreshAsync),
                new("used proofs", TimeSpan.FromMinutes(1), stop => memory.PurgeAsync(PurgedMinutes, stop)),
                new("caps", TimeSpan.FromMinutes(30), stop => caps.PurgeAsync(stop)),
            ],
            PrivacyForm = options.Pvk is { } pushing ? Service.FormOf(pushing.Definitions, policy) : null,
        };
        if (options.Pvk is { Connection: { } connection, Definitions: var definitions })
        {
            componentClient = connection.Open(this.component, time);
            var privacy = new PrivacyStore(partitions, ring, Service.Directory, time, hasPrivacyComponent: true);
            var journal = Service.Journal;
            Service = Service with
            {
                Privacy = privacy,
                PrivacyMaster = new(
                    new(new(componentClient, definitions), definitions, Service.PrivacyForm!, privacy, partitions, ring, time, (_, change, stop) => LogAsync(journal, ring, change, time, stop)), partitions, time),
            };
        }
    }

    /// <summary>The parts.</summary>
    public Service Service { get; }

    /// <summary>Reads the Participants a first time. Where storage stays away nobody is known until it answers.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await participants.RefreshAsync(cancellationToken);
        }
        catch (StorageUnavailableException)
        {
            // The timer asks again.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        componentClient?.Dispose();
        component.Dispose();
        issuers.Dispose();
    }

    // No redirect: a key or a setting that another address names is not theirs.
    private static SocketsHttpHandler Network() => new() { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(5), PooledConnectionLifetime = TimeSpan.FromMinutes(15) };

    // Null, so that all is refused, also while it is not known what patients have set with the master of settings.
    private ParticipantList? Participants() => Service.PrivacyMaster is null or { IsRelied: true } ? participants.Current : null;

    private static Task LogAsync(Journal journal, KeyRing ring, SettingChange change, TimeProvider time, CancellationToken stop)
    {
        var now = time.GetUtcNow().UtcDateTime;
        AccessEvent logged = new()
        {
            Id = Guid.NewGuid(),
            CorrelationId = Guid.NewGuid().ToString(),
            Time = new(now.Ticks - (now.Ticks % TimeSpan.TicksPerMillisecond), DateTimeKind.Utc),
            Action = AccessAction.SettingChange,
            Outcome = AccessOutcome.Permitted,
        };
        return journal.AppendAsync(Logged.Setting(logged, change, ring), stop).AsTask();
    }
}
