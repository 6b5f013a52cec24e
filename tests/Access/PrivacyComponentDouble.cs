using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace PasientensMaledata.Tests.Access;

/// <summary>Helsenorge's privacy component as its calls are documented: remembers the latest of each setting, and lists those that are active.</summary>
internal sealed class PrivacyComponentDouble : HttpMessageHandler
{
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, JsonObject> settings = new(StringComparer.Ordinal);

    public List<string> Addresses { get; } = [];

    public int Told { get; private set; }

    public bool IsAway { get; set; }

    public IEnumerable<JsonObject> Settings => settings.Values;

    public void Put(JsonObject setting) => settings[KeyOf(setting)] = setting;

    public void Forget(JsonObject setting) => settings.TryRemove(KeyOf(setting), out _);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        lock (Addresses)
        {
            Addresses.Add(request.RequestUri!.PathAndQuery);
        }

        if (IsAway)
        {
            return new(HttpStatusCode.ServiceUnavailable);
        }

        var path = request.RequestUri.AbsolutePath;
        var body = request.Content is null ? null : await request.Content.ReadFromJsonAsync<JsonObject>(cancellationToken);
        if (request.Method == HttpMethod.Get && path == "/personvern/Personverninnstillinger/HentInnbyggereAktivePiForDefinisjon/v2")
        {
            var query = System.Web.HttpUtility.ParseQueryString(request.RequestUri.Query);
            return Answer(new JsonArray([.. settings.Values.Where(s => s["definisjonGuid"]!.ToString() == query["definisjonGuid"] && s["partKode"]!.ToString() == query["partKode"] && s["aktiv"]!.GetValue<bool>()).Select(s => s.DeepClone())]));
        }

        if (request.Method == HttpMethod.Post && path == "/personvern/Personverninnstillinger/SjekkInnbyggersPiStatus/v2")
        {
            return settings.TryGetValue(KeyOf(body!), out var known) ? Answer(known.DeepClone()) : new(HttpStatusCode.NotFound);
        }

        if (request.Method == HttpMethod.Post && path == "/personvern/Personverninnstillinger/SettInnbyggersPersonvernInnstilling/v2")
        {
            Told++;
            Put((JsonObject)body!.DeepClone());
            return new(HttpStatusCode.OK);
        }

        return new(HttpStatusCode.NotFound);
    }

    // Of Blocks there is one for each practitioner.
    private static string KeyOf(JsonObject setting)
    {
        var hpr = setting["innbyggerMetadata"]?.ToString() is { Length: > 0 } text && JsonNode.Parse(text) is JsonObject metadata ? metadata["hpr"]?.ToString() : null;
        return $"{setting["innbyggerFnr"]} {setting["definisjonGuid"]} {hpr}";
    }

    private static HttpResponseMessage Answer(JsonNode json) => new(HttpStatusCode.OK) { Content = JsonContent.Create(json) };
}
