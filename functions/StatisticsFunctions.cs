using PasientensMaledata.AccessLog;
using PasientensMaledata.Statistics;

namespace PasientensMaledata.Functions;

/// <summary>The nightly export of usage statistics.</summary>
public static class StatisticsFunctions
{
    /// <summary>Exports every closed day and month that has not been. Two at once write the same bytes.</summary>
    public static async Task ExportAsync(Service service, CancellationToken cancellationToken)
    {
        var reader = new LogReader(service.Blobs);
        var log = new EventSource(await reader.SizeAsync(cancellationToken), reader.ReadSequenceAsync);
        await new StatisticsExport(service.Blobs, service.Ring, log, LoggedTexts.Participants, service.Time).RunDueAsync(null, cancellationToken);
    }
}
