using System.Text.Json.Nodes;
using Hl7.Fhir.Model;
using Hl7.Fhir.Serialization;

namespace PasientensMaledata.Tests.Functions;

/// <summary>One service for all tests of a class; each takes persons of its own, so that none sees what another stored.</summary>
public class SharedService : IAsyncLifetime
{
    private static readonly FhirJsonDeserializer Strict = new(new DeserializerSettings().UsingMode(DeserializationMode.Strict));
    private static int persons = 400;

    internal TestService Service { get; private protected set; } = null!;

    /// <summary>A person of whom nothing is stored.</summary>
    public static string NewPerson() => SyntheticNumbers.Number(Interlocked.Increment(ref persons));

    public virtual async ValueTask InitializeAsync() => Service = await TestService.StartAsync();

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Service.DisposeAsync();
    }

    /// <summary>Sends Observations that are all to be stored, and gives the ids they got.</summary>
    internal async Task<IReadOnlyList<string>> StoreAsync(params IEnumerable<JsonObject> observations)
    {
        var answer = await Service.PostAsync("/", Messages.Collection(observations));
        Assert.True(answer.StatusCode == 200, answer.Text);
        Assert.All(answer.Entries, e => Assert.Equal("200", (string?)e["response"]!["status"]));
        return [.. answer.Entries.Select(e => ((string)e["response"]!["location"]!).Split('/')[1])];
    }

    /// <summary>The values of the first identifiers of what a search finds, in order.</summary>
    internal async Task<IReadOnlyList<string>> NamesAsync(string person, string form)
    {
        var answer = await Service.SearchAsync($"patient.identifier={person}&{form}");
        Assert.True(answer.StatusCode == 200, $"{form}: {answer.Text}");
        return Names(answer);
    }

    internal static IReadOnlyList<string> Names(Answer answer) => [.. answer.Observations.Select(o => (string)o["identifier"]![0]!["value"]!)];

    /// <summary>The answer is a FHIR R4 resource without fault.</summary>
    internal static Resource Parse(Answer answer)
    {
        var parsed = Strict.TryDeserializeResource(answer.Text, out var resource, out var problems);
        Assert.True(parsed, $"{string.Join('\n', problems.Select(p => p.Message))}\n{answer.Text}");
        return resource!;
    }

    /// <summary>The answer is a refusal with this status, as an OperationOutcome of errors that FHIR R4 allows.</summary>
    internal static OperationOutcome Refused(int status, Answer answer, string? saying = null)
    {
        Assert.True(answer.StatusCode == status, $"{answer.StatusCode}: {answer.Text}");
        var outcome = Assert.IsType<OperationOutcome>(Parse(answer));
        Assert.All(outcome.Issue, i => Assert.Equal(OperationOutcome.IssueSeverity.Error, i.Severity));
        Assert.All(outcome.Issue, i => Assert.False(string.IsNullOrEmpty(i.Diagnostics)));
        if (saying is not null)
        {
            Assert.Contains(saying, answer.Text, StringComparison.OrdinalIgnoreCase);
        }

        return outcome;
    }
}
