using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace PasientensMaledata.Access.PrivacyComponent;

/// <summary>
/// The documented calls of Helsenorge's privacy component (pmd-api.md 2.3). A person number stands in bodies alone, never in an address.
/// </summary>
/// <param name="http">With the component's address as base, and a handler that adds the token.</param>
/// <param name="definitions">How our settings are known there.</param>
public sealed class PvkClient(HttpClient http, PvkDefinitions definitions)
{
    private const string Path = "personvern/Personverninnstillinger/";

    /// <summary>Everybody's active settings of a definition.</summary>
    /// <exception cref="HttpRequestException">The component does not answer, or not as documented.</exception>
    public async Task<IReadOnlyList<JsonElement>> GetActiveAsync(Guid definition, CancellationToken cancellationToken)
    {
        var address = $"{Path}HentInnbyggereAktivePiForDefinisjon/v2?definisjonGuid={definition}&partKode={Uri.EscapeDataString(definitions.Part)}";
        using var response = await SendAsync(() => http.GetAsync(new Uri(address, UriKind.Relative), cancellationToken), cancellationToken);
        var answer = await ReadAsync(response, cancellationToken);
        return answer.ValueKind == JsonValueKind.Array
            ? [.. answer.EnumerateArray()]
            : throw new HttpRequestException("The privacy component answered with something else than a list.", null, response.StatusCode);
    }

    /// <summary>What is known there of one setting of a citizen, active or not; null where nothing is.</summary>
    /// <param name="setting">The setting in PVK's form: whose, which definition, and of a Block whom.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="HttpRequestException">The component does not answer, or not as documented.</exception>
    public async Task<JsonElement?> CheckAsync(JsonObject setting, CancellationToken cancellationToken)
    {
        var question = new JsonObject();
        foreach (var member in new[] { "innbyggerFnr", "definisjonGuid", "partKode", "typePi", "innbyggerMetadata" })
        {
            question[member] = setting[member]?.DeepClone();
        }

        using var response = await SendAsync(() => http.PostAsJsonAsync(new Uri($"{Path}SjekkInnbyggersPiStatus/v2", UriKind.Relative), question, cancellationToken), cancellationToken);
        if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.NoContent)
        {
            return null;
        }

        var answer = await ReadAsync(response, cancellationToken);
        return answer.ValueKind == JsonValueKind.Object ? answer : null;
    }

    /// <summary>Tells a setting of ours.</summary>
    /// <exception cref="HttpRequestException">The component did not take it.</exception>
    public async Task SetAsync(JsonObject setting, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(() => http.PostAsJsonAsync(new Uri($"{Path}SettInnbyggersPersonvernInnstilling/v2", UriKind.Relative), setting, cancellationToken), cancellationToken);
        EnsureTaken(response);
    }

    // One that lasts too long does not answer.
    private static async Task<HttpResponseMessage> SendAsync(Func<Task<HttpResponseMessage>> send, CancellationToken cancellationToken)
    {
        try
        {
            return await send();
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HttpRequestException("The privacy component does not answer.", e);
        }
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        EnsureTaken(response);
        try
        {
            // As bytes: JSON is UTF-8 (RFC 8259 8.1), whatever the header says.
            using var document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            // Without the text: it may hold person numbers.
            throw new HttpRequestException("The privacy component answered with something else than JSON.", null, response.StatusCode);
        }
    }

    private static void EnsureTaken(HttpResponseMessage response)
    {
        if (!response.IsSuccessStatusCode)
        {
            throw new HttpRequestException($"The privacy component refused: {(int)response.StatusCode}.", null, response.StatusCode);
        }
    }
}
