using PasientensMaledata.Access;
using PasientensMaledata.Functions.Streaming;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Search;
using PasientensMaledata.Observations.Submissions;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;
using PasientensMaledata.Submissions;

namespace PasientensMaledata.Functions;

/// <summary>The parts that the functions call, made once at start-up.</summary>
/// <param name="Partitions">Rows.</param>
/// <param name="Ring">Keys.</param>
/// <param name="Directory">From numbers to patients.</param>
/// <param name="Submissions">Stores.</param>
/// <param name="Refused">What was refused.</param>
/// <param name="Reception">Receives, by HTTP and stream alike.</param>
/// <param name="Stream">Receives events.</param>
/// <param name="Reader">Finds.</param>
/// <param name="Policy">Which person numbers are accepted.</param>
/// <param name="StorageName">What <c>/health</c> calls the storage.</param>
/// <param name="Time">The clock.</param>
public sealed record Service(
    IPartitions Partitions,
    KeyRing Ring,
    PatientDirectory Directory,
    SubmissionStore Submissions,
    RefusedStore Refused,
    Reception Reception,
    StreamReceiver Stream,
    ObservationReader Reader,
    NationalIdPolicy Policy,
    string StorageName,
    TimeProvider Time)
{
    /// <summary>Makes them over a storage.</summary>
    public static Service Over(IPartitions partitions, IBlobs blobs, KeyRing ring, NationalIdPolicy policy, string storageName, TimeProvider time, StreamOptions? stream = null)
    {
        var directory = new PatientDirectory(partitions, ring);
        var submissions = new SubmissionStore(partitions, ring, directory, policy, time);
        var refused = new RefusedStore(blobs, ring);
        var reception = new Reception(submissions, refused);
        return new(partitions, ring, directory, submissions, refused, reception, new(reception, stream ?? StreamOptions.Default, Identify, time), new(partitions, ring, time), policy, storageName, time);
    }

    /// <summary>Who may store what. In open mode everything: the Controller is the first organisation named.</summary>
    public static Admit Admit => (responsibility, _) => new(responsibility.Performers is [var first, ..] ? first : default, null, "");

    /// <summary>Who calls. In open mode everyone is one development Sender.</summary>
    public static SenderId Caller => SenderId.Development;

    /// <summary>Whose an event is. In open mode anyone's who is named as a Sender is; without a publisher it is the development Sender's.</summary>
    private static StreamSender Identify(string? attested) =>
        attested is null ? new(SenderId.Development, Admit, null)
        : SenderId.TryParse(attested, out var sender) ? new(sender, Admit, null)
        : new(null, Admit, SenderRefusal.Unknown);
}
