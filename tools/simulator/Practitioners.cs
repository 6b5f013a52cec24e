using System.Text.Json;

namespace PasientensMaledata.Simulator;

/// <summary>
/// Health personnel who look up while measurements come in: each role asks for what it needs, reads some of it, and thinks in between. The seed decides whom
/// they ask for and when, not how far the sending has come by then.
/// </summary>
/// <param name="client">With the service's base as its address.</param>
/// <param name="tally">Counts them.</param>
/// <param name="people">Of whom they ask.</param>
/// <param name="seed">The simulation's seed.</param>
/// <param name="time">The clock.</param>
/// <param name="pace">How many times faster than people they are.</param>
public sealed class Practitioners(HttpClient client, Tally tally, IReadOnlyList<Person> people, long seed, TimeProvider time, double pace = 1)
{
    /// <summary>On each of their requests: which of them asks, from 0.</summary>
    public static readonly HttpRequestOptionsKey<int> Asking = new("practitioner");

    private static readonly Role[] Roles =
    [
        new("general practitioner", Region.GeneralPractice, "Observation/$lastn", "max=3", 2, 3.0),
        new("home nurse", null, "Observation/_search", "_count=20", 3, 1.5),
        new("hospital doctor", Region.Hospital, "Observation/_search", "code=85354-9,29463-7,8867-4&_count=100", 1, 2.0),
        new("hospital nurse", Region.Hospital, "Observation/_search", "category=vital-signs&_count=50", 1, 1.5),
        new("emergency doctor", Region.EmergencyRoom, "Observation/$lastn", "", 0, 1.0),
    ];

    private sealed record Role(string Name, Organisation? Employer, string Path, string Criteria, int Reads, double SecondsBetween);

    /// <summary>The person number and the HPR number of one of them: nobody's.</summary>
    public static (string Number, string Hpr) PersonOf(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        var born = new DateOnly(1960, 1, 1).AddDays(index % 12_000);
        var number = Enumerable.Range(100, 150).Select(i => SyntheticNumbers.Person(born, index % 2 == 0, i)).First(n => n is not null)!;
        return (number, SyntheticNumbers.HealthPersonnel(index));
    }

    /// <summary>Looks up until it is cancelled.</summary>
    /// <param name="count">How many practitioners.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(int count, CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(Enumerable.Range(0, count).Select(i => WorkAsync(i, cancellationToken)));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // That is how a day ends.
        }
    }

    private async Task WorkAsync(int index, CancellationToken cancellationToken)
    {
        var role = Roles[index % Roles.Length];
        var random = new SeededRandom(seed, (long)Stream.Practitioner, index);

        // A home nurse has the patients of one municipality.
        var home = random.Pick(people).Home;
        var mine = people.Where(p => role.Employer is not null || p.Home == home).ToList();
        while (true)
        {
            await Task.Delay(TimeSpan.FromSeconds(role.SecondsBetween * random.Between(0.3, 1.7) / pace), time, cancellationToken);
            var person = random.Pick(mine);
            var criteria = role.Criteria.Length == 0 ? "" : $"&{role.Criteria}";
            var found = await AskAsync(index, role, person, criteria, cancellationToken);
            for (var i = 0; i < Math.Min(role.Reads, found.Count); i++)
            {
                await Task.Delay(TimeSpan.FromSeconds(random.Between(0.1, 0.6) / pace), time, cancellationToken);
                await CountAsync($"{role.Name}: read", async () =>
                {
                    using var response = await SendAsync(index, HttpMethod.Get, $"Observation/{found[random.Below(found.Count)]}", null, cancellationToken);
                    return (int)response.StatusCode;
                });
            }
        }
    }

    private async Task<List<string>> AskAsync(int index, Role role, Person person, string criteria, CancellationToken cancellationToken)
    {
        var found = new List<string>();
        await CountAsync($"{role.Name}: {(role.Path.EndsWith("lastn", StringComparison.Ordinal) ? "$lastn" : "search")}", async () =>
        {
            using var form = new StringContent($"patient.identifier={person.Number}{criteria}", new System.Net.Http.Headers.MediaTypeHeaderValue("application/x-www-form-urlencoded"));
            using var response = await SendAsync(index, HttpMethod.Post, role.Path, form, cancellationToken);
            if (response.IsSuccessStatusCode)
            {
                using var json = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
                if (json.RootElement.TryGetProperty("entry", out var entries))
                {
                    found.AddRange(entries.EnumerateArray().Select(e => e.GetProperty("resource")).Where(r => r.TryGetProperty("id", out _)).Select(r => r.GetProperty("id").GetString()!));
                }
            }

            return (int)response.StatusCode;
        });
        return found;
    }

    private async Task<HttpResponseMessage> SendAsync(int index, HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        request.Options.Set(Asking, index);
        return await client.SendAsync(request, cancellationToken);
    }

    private async Task CountAsync(string what, Func<Task<int>> call)
    {
        try
        {
            var status = await call();
            tally.LookUp(what);
            if (status >= 400)
            {
                tally.Problem($"{what}: HTTP {status}");
            }
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or KeyNotFoundException)
        {
            tally.Problem($"{what}: {(e is HttpRequestException http ? $"no answer ({http.HttpRequestError})" : "an answer that is no Bundle")}");
        }
    }
}
