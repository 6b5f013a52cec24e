using PasientensMaledata.Access;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Search;
using PasientensMaledata.Observations.Submissions;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Functions;

/// <summary>The parts that the functions call, made once at start-up.</summary>
/// <param name="Partitions">Rows.</param>
/// <param name="Ring">Keys.</param>
/// <param name="Directory">From numbers to patients.</param>
/// <param name="Submissions">Stores.</param>
/// <param name="Reader">Finds.</param>
/// <param name="Policy">Which person numbers are accepted.</param>
/// <param name="StorageName">What <c>/health</c> calls the storage.</param>
/// <param name="Time">The clock.</param>
public sealed record Service(
    IPartitions Partitions,
    KeyRing Ring,
    PatientDirectory Directory,
    SubmissionStore Submissions,
    ObservationReader Reader,
    NationalIdPolicy Policy,
    string StorageName,
    TimeProvider Time)
{
    /// <summary>Makes them over a storage.</summary>
    public static Service Over(IPartitions partitions, KeyRing ring, NationalIdPolicy policy, string storageName, TimeProvider time)
    {
        var directory = new PatientDirectory(partitions, ring);
        return new(partitions, ring, directory, new(partitions, ring, directory, policy, time), new(partitions, ring, time), policy, storageName, time);
    }

    /// <summary>Who may store what. In open mode everything: the Controller is the first organisation named.</summary>
    public Admit Admit => (responsibility, _) => new(responsibility.Performers is [var first, ..] ? first : default, null, "");

    /// <summary>Who calls. In open mode everyone is one development Sender.</summary>
    public static SenderId Caller => SenderId.Development;
}
