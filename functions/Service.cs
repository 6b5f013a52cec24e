using PasientensMaledata.Access;
using PasientensMaledata.Access.Callers;
using PasientensMaledata.Access.Decision;
using PasientensMaledata.Access.FollowUps;
using PasientensMaledata.Access.Privacy;
using PasientensMaledata.Access.Registers;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Functions.Access;
using PasientensMaledata.Functions.Fhir;
using PasientensMaledata.Functions.Hosting;
using PasientensMaledata.Functions.Streaming;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Search;
using PasientensMaledata.Observations.Submissions;
using PasientensMaledata.Retention;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;
using PasientensMaledata.Submissions;

namespace PasientensMaledata.Functions;

/// <summary>The parts that the functions call, made once at start-up.</summary>
/// <param name="Partitions">Rows.</param>
/// <param name="Blobs">Blobs.</param>
/// <param name="Ring">Keys.</param>
/// <param name="Directory">From numbers to patients.</param>
/// <param name="Submissions">Stores.</param>
/// <param name="Refused">What was refused.</param>
/// <param name="Reception">Receives, by HTTP and stream alike.</param>
/// <param name="Stream">Receives events.</param>
/// <param name="RefusedDays">How many days what was refused is kept.</param>
/// <param name="Reader">Finds.</param>
/// <param name="Authentication">Tells who calls.</param>
/// <param name="Access">Decides who may.</param>
/// <param name="Privacy">Changes privacy settings.</param>
/// <param name="Log">The access log.</param>
/// <param name="Policy">Which person numbers are accepted.</param>
/// <param name="StorageName">What <c>/health</c> calls the storage.</param>
/// <param name="Time">The clock.</param>
public sealed record Service(
    IPartitions Partitions,
    IBlobs Blobs,
    KeyRing Ring,
    PatientDirectory Directory,
    SubmissionStore Submissions,
    RefusedStore Refused,
    Reception Reception,
    StreamReceiver Stream,
    int RefusedDays,
    ObservationReader Reader,
    IAuthentication Authentication,
    AccessControl Access,
    PrivacyStore Privacy,
    LogParts Log,
    NationalIdPolicy Policy,
    string StorageName,
    TimeProvider Time)
{
    /// <summary>Where callers reach it; none in open mode.</summary>
    public PublicBases PublicBases { get; init; } = new([]);

    /// <summary>What is done again and again while it runs, besides what it always does.</summary>
    public IReadOnlyList<Timed> Timed { get; init; } = [];

    /// <summary>Whether every caller is the development caller.</summary>
    public bool IsOpen => Authentication is OpenAuthentication;

    /// <summary>Where this process writes the access log, before every answer.</summary>
    public Journal Journal => Log.Journal;

    /// <summary>Reads what the log has of a patient.</summary>
    public CitizenLog CitizenLog { get; } = new(Partitions, Blobs);

    /// <summary>Closed until the tables have been held to the access log.</summary>
    public Gate Gate { get; } = new();

    /// <summary>Holds the tables to the access log.</summary>
    public LogReplay Replay { get; } = new(Partitions, Ring, Log, Time);

    /// <summary>Gives the access log's newest events their place, and holds the tables to them.</summary>
    /// <param name="everything">Whether every journal is looked at.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>How many were given their place.</returns>
    public async Task<long> SequenceAsync(bool everything, CancellationToken cancellationToken)
    {
        var sequenced = await Log.Sequencer.RunAsync(everything, cancellationToken);
        if (sequenced > 0 || everything)
        {
            await Replay.CatchUpAsync(cancellationToken);
        }

        return sequenced;
    }

    /// <summary>Deletes what was refused longer ago than it is kept.</summary>
    public Task DeleteOldRefusedAsync(CancellationToken cancellationToken) =>
        Refused.DeleteBeforeAsync(DateOnly.FromDateTime(Time.GetUtcNow().UtcDateTime).AddDays(-RefusedDays), cancellationToken);

    /// <summary>Deletes what its Controller has had kept as long as it is to be. Where the participants cannot be read nothing is.</summary>
    public Task DeleteExpiredAsync(CancellationToken cancellationToken) => Access.Participants is { } list
        ? new Deletions(Partitions, Ring, Journal, Time).DeleteExpiredAsync(list.RetentionDays, isDry: false, progress: null, cancellationToken)
        : Task.CompletedTask;

    /// <summary>Makes them over a storage, in open mode.</summary>
    public static Service Open(IPartitions partitions, IBlobs blobs, KeyRing ring, NationalIdPolicy policy, string storageName, TimeProvider time, StreamOptions? stream = null) => Over(
        partitions, blobs, ring, policy, storageName, time, new OpenAuthentication(ring, policy, time),
        new(() => Development.Participants, AccessRules.Default, new NoRegisters(), new(partitions), caps: null, time), stream);

    /// <summary>Makes them over a storage.</summary>
    public static Service Over(
        IPartitions partitions, IBlobs blobs, KeyRing ring, NationalIdPolicy policy, string storageName, TimeProvider time, IAuthentication authentication, AccessControl access,
        StreamOptions? stream = null)
    {
        var directory = new PatientDirectory(partitions, ring);
        var followUps = new FollowUpStore(partitions, ring, access.Rules.FollowUpSilence);
        var submissions = new SubmissionStore(partitions, ring, directory, policy, followUps, time);
        var refused = new RefusedStore(blobs, ring);
        var log = LogParts.Over(blobs, partitions, ring, Environment.GetEnvironmentVariable, time);
        var reception = new Reception(submissions, refused, followUps, log.Journal, time);

        // In open mode what nobody's name stands on is the development Sender's.
        var nobodys = authentication is OpenAuthentication ? SenderId.Development : (SenderId?)null;
        return new(
            partitions, blobs, ring, directory, submissions, refused, reception,
            new(reception, stream ?? StreamOptions.Default, attested => StreamSender.Find(access, attested ?? nobodys?.ToString(), time), time),
            (stream ?? StreamOptions.Default).RefusedDays,
            new(partitions, ring, time), authentication, access, new(partitions, ring, directory, time), log, policy, storageName, time);
    }
}
