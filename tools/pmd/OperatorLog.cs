using PasientensMaledata.AccessLog;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Tools;

/// <summary>What an operator does with people's data, or with who may see them, stands in the access log.</summary>
internal static class OperatorLog
{
    /// <summary>Journals what <see cref="OperatorEvent"/> makes of a command.</summary>
    public static ValueTask LogAsync(this OpenedStorage storage, AccessEvent logged, CancellationToken stop) => new Journal(storage.Blobs, TimeProvider.System).AppendAsync(logged, stop);
}
