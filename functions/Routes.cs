namespace PasientensMaledata.Functions;

/// <summary>One call of the API.</summary>
/// <param name="Name">The function's name.</param>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Route from the base.</param>
/// <param name="Interaction">What FHIR calls it, as in the CapabilityStatement; null where it is none of FHIR's.</param>
/// <param name="Meaning">What it does.</param>
/// <param name="Handle">Answers it.</param>
public sealed record Route(string Name, string Method, string Path, string? Interaction, string Meaning, Func<HttpContext, Service, Task> Handle);

/// <summary>Every call, in one table: routing, <c>/metadata</c> and the functions' bindings are made from it.</summary>
public static class Routes
{
    /// <summary>The table.</summary>
    public static IReadOnlyList<Route> All { get; } =
    [
        new("SubmitBundle", "POST", "/", "batch", "Stores the Observations of a Bundle of type collection or batch, each on its own.", SubmitFunctions.BundleAsync),
        new("CreateObservation", "POST", "/Observation", "create", "Stores one Observation; If-None-Exist on identifier.", SubmitFunctions.CreateAsync),
        new("UpdateObservation", "PUT", "/Observation/{id}", "update", "Creates or corrects one Observation; If-Match.", SubmitFunctions.UpdateAsync),
        new("SearchObservations", "POST", "/Observation/_search", "search-type", "Finds one patient's Observations, newest first. The form holds the person number, so that no URL does.", SearchFunctions.SearchAsync),
        new("LastObservations", "POST", "/Observation/$lastn", "$lastn", "The newest Observations of each kind, for one patient.", SearchFunctions.LastAsync),
        new("PageObservations", "GET", "/Observation", null, "A further page, by the opaque link of the one before. Searching is by POST.", SearchFunctions.PageAsync),
        new("ReadObservation", "GET", "/Observation/{id}", "read", "Reads the current version of one Observation.", ReadFunctions.ReadAsync),
        new("ReadObservationVersion", "GET", "/Observation/{id}/_history/{version}", "vread", "Reads one version of one Observation.", ReadFunctions.ReadVersionAsync),
        new("ObservationHistory", "GET", "/Observation/{id}/_history", "history-instance", "All versions of one Observation, the latest stored first.", ReadFunctions.HistoryAsync),
        new("Metadata", "GET", "/metadata", null, "The CapabilityStatement.", MetadataFunctions.MetadataAsync),
        new("Health", "GET", "/health", null, "Whether storage answers.", MetadataFunctions.HealthAsync),
    ];
}
