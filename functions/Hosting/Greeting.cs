using PasientensMaledata.Access.Tokens;

namespace PasientensMaledata.Functions.Hosting;

/// <summary>What <c>./run</c> says when it is ready: what it is, and lines to try.</summary>
public static class Greeting
{
    /// <summary>The text where callers are known by tokens.</summary>
    /// <param name="port">The port it listens on.</param>
    /// <param name="stored">Where it stores.</param>
    /// <param name="issuer">HelseID's issuer, as it is set.</param>
    /// <param name="folder">The folder given with <c>--data</c>.</param>
    public static string Required(int port, string stored, string issuer, string folder) => $"""

        Pasientens måledata is ready on http://127.0.0.1:{port}

          Callers are known by tokens; HelseID is {issuer}.
          Stored in {stored}. Ctrl-C stops.
        {(issuer.StartsWith(AuthOptions.DevelopmentIssuer, StringComparison.Ordinal) ? TryIt(port, folder) : "")}
        docs/authentication.md tells the rest.

        """;

    /// <summary>The text of open mode.</summary>
    /// <param name="port">The port it listens on.</param>
    /// <param name="stored">Where it stores.</param>
    /// <param name="now">The time, so that the example is of yesterday.</param>
    public static string Text(int port, string stored, DateTimeOffset now) => """

        Pasientens måledata is ready on http://127.0.0.1:PORT

          OPEN MODE: every caller is let in, as one development sender. For synthetic data on this machine only.
          Stored in FOLDER. Ctrl-C stops.

        Send a measurement (a synthetic person):

          curl -s http://127.0.0.1:PORT/ -H 'Content-Type: application/fhir+json' -d '{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Observation","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],"identifier":[{"system":"https://example.org/measurement","value":"1"}],"code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]},"subject":{"identifier":{"system":"urn:oid:2.16.578.1.12.4.1.4.1","value":"05898597468"}},"effectiveDateTime":"YESTERDAYT08:00:00+01:00","valueQuantity":{"value":71,"unit":"/min","system":"http://unitsofmeasure.org","code":"/min"}}}]}'

        Find it, in any EHR that speaks FHIR:

          curl -s http://127.0.0.1:PORT/Observation/_search -d patient.identifier=05898597468

        The newest of each kind, and what else there is:

          curl -s 'http://127.0.0.1:PORT/Observation/$lastn' -d patient.identifier=05898597468
          curl -s http://127.0.0.1:PORT/metadata
          curl -s http://127.0.0.1:PORT/health

        """.Replace("PORT", $"{port}", StringComparison.Ordinal).Replace("FOLDER", stored, StringComparison.Ordinal)
        .Replace("YESTERDAY", now.AddDays(-1).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);

    private static string TryIt(int port, string folder) => $"""

        With the development issuer (./pmd issuer) and the example's participants
        (./pmd participants import docs/participants.example.json{(folder == ServiceOptions.DefaultDataFolder ? "" : $" --data {folder}")}):

          ./pmd token clinician --url http://127.0.0.1:{port}/Observation/_search >headers
          curl -s -H @headers http://127.0.0.1:{port}/Observation/_search -d patient.identifier=13717404089

        """;
}
