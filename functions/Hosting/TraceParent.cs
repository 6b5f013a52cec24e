using System.Diagnostics;

namespace PasientensMaledata.Functions.Hosting;

/// <summary>
/// Takes over a caller's <c>traceparent</c> (W3C Trace Context), so that a call can be followed through to storage. What else a caller may send with it,
/// <c>tracestate</c> and <c>baggage</c>, holds text of their own, and goes nowhere.
/// </summary>
internal sealed class TraceParent : DistributedContextPropagator
{
    private static readonly DistributedContextPropagator W3C = CreateW3CPropagator();

    /// <inheritdoc/>
    public override IReadOnlyCollection<string> Fields => ["traceparent"];

    /// <inheritdoc/>
    public override void ExtractTraceIdAndState(object? carrier, PropagatorGetterCallback? getter, out string? traceId, out string? traceState)
    {
        W3C.ExtractTraceIdAndState(carrier, getter, out traceId, out _);
        traceState = null;
    }

    /// <inheritdoc/>
    public override IEnumerable<KeyValuePair<string, string?>>? ExtractBaggage(object? carrier, PropagatorGetterCallback? getter) => null;

    /// <inheritdoc/>
    public override void Inject(Activity? activity, object? carrier, PropagatorSetterCallback? setter) => W3C.Inject(activity, carrier, setter);
}
