using PasientensMaledata.Access.Callers;
using PasientensMaledata.Access.Decision;
using PasientensMaledata.Access.Registers;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Functions.Access;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Search;
using PasientensMaledata.Observations.Submissions;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Functions;

/// <summary>The parts that the functions call, made once at start-up.</summary>
/// <param name="Partitions">Rows.</param>
/// <param name="Blobs">Blobs.</param>
/// <param name="Ring">Keys.</param>
/// <param name="Directory">From numbers to patients.</param>
/// <param name="Submissions">Stores.</param>
/// <param name="Reader">Finds.</param>
/// <param name="Authentication">Tells who calls.</param>
/// <param name="Access">Decides who may.</param>
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
    ObservationReader Reader,
    IAuthentication Authentication,
    AccessControl Access,
    LogParts Log,
    NationalIdPolicy Policy,
    string StorageName,
    TimeProvider Time)
{
    /// <summary>Where this process writes the access log, before every answer.</summary>
    public Journal Journal => Log.Journal;

    /// <summary>Makes them over a storage, in open mode.</summary>
    public static Service Open(IPartitions partitions, IBlobs blobs, KeyRing ring, NationalIdPolicy policy, string storageName, TimeProvider time) => Over(
        partitions, blobs, ring, policy, storageName, time, new OpenAuthentication(ring, policy, time), new(() => Development.Participants, AccessRules.Default, new NoRegisters(), time));

    /// <summary>Makes them over a storage.</summary>
    public static Service Over(
        IPartitions partitions, IBlobs blobs, KeyRing ring, NationalIdPolicy policy, string storageName, TimeProvider time, IAuthentication authentication, AccessControl access)
    {
        var directory = new PatientDirectory(partitions, ring);
        return new(
            partitions, blobs, ring, directory, new(partitions, ring, directory, policy, time), new(partitions, ring, time), authentication, access,
            LogParts.Over(blobs, partitions, ring, Environment.GetEnvironmentVariable, time), policy, storageName, time);
    }
}
