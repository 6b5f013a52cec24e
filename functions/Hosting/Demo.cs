using System.Globalization;
using PasientensMaledata.Simulator;

namespace PasientensMaledata.Functions.Hosting;

/// <summary>Fills a running service with what synthetic people have measured up to now, through its own API. Doing it again adds only what is new since.</summary>
public static class Demo
{
    private const int Patients = 40;
    private const int Days = 30;
    private const int Seed = 1;

    // So that the service answers at once to whoever tries it meanwhile.
    private const double ObservationsPerSecond = 1000;

    /// <summary>Fills it, and tells of whom there is something to see.</summary>
    /// <param name="address">The service's FHIR base.</param>
    /// <param name="time">The clock.</param>
    /// <param name="output">Where it is told.</param>
    /// <param name="stop">Ends it.</param>
    public static async Task FillAsync(Uri address, TimeProvider time, TextWriter output, CancellationToken stop)
    {
        var simulation = new Simulation(SimulationOptions.UpTo(time.GetUtcNow(), Patients, Days, Seed));
        var tally = new Tally();
        using var client = new HttpClient { BaseAddress = address };
        try
        {
            await new Delivery(client, tally, time).RunAsync(simulation.Messages(), clients: 2, ObservationsPerSecond, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return;
        }

        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"Demo: {Patients} synthetic people, {tally.Observations:N0} measurements of {Days} days. One of each illness:"));
        foreach (var person in simulation.People.DistinctBy(p => p.Illness))
        {
            await output.WriteLineAsync($"  {person.Number}  {person.Name}, {person.Age}, {person.Home.Name}: {Word(person.Illness)}");
        }
    }

    private static string Word(Illness illness) => illness switch
    {
        Illness.Copd => "COPD",
        Illness.HeartFailure => "heart failure",
        Illness.Diabetes => "diabetes",
        _ => "frailty",
    };
}
