using PasientensMaledata.AccessLog;

namespace PasientensMaledata.Statistics;

/// <summary>The access log as the exports read it: the committed order, and nothing else. It is the only source of statistics.</summary>
/// <param name="TreeSize">Number of events in the order; those before it never change.</param>
/// <param name="Read">Reads the events from an index (included) to an index (excluded), in order.</param>
public sealed record EventSource(long TreeSize, Func<long, long, CancellationToken, IAsyncEnumerable<(long Index, AccessEvent Event)>> Read);
