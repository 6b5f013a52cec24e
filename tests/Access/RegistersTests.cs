using System.Text;
using PasientensMaledata.Access.Decision;
using PasientensMaledata.Access.Registers;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Tests.Access;

/// <summary>Registers in a file, and what the decision asks of them.</summary>
public sealed class RegistersTests
{
    private static readonly string Whole = $$"""
        {"healthPersonnel":[{"hpr":"565501872","name":"GRØNN VITS","authorizations":["LE","SP"]}],
         "organisations":[{"organisation":"873255102","parent":"981275721"},{"organisation":"981275721"}],
         "persons":[{"number":"{{World.Child.Digits}}","born":"2020-01-02","protectedAddress":true,"parents":["{{World.Patient.Digits}}"]},{"number":"{{World.Patient.Digits}}"}]}
        """;

    [Fact]
    public async Task What_is_in_the_file_is_found_and_what_is_not_is_not()
    {
        var registers = Read(Whole);
        var doctor = await registers.FindAsync(World.DoctorHpr, default);
        Assert.Equal((RegisterAnswer.Found, "GRØNN VITS"), (doctor.Answer, doctor.Value!.Name));
        Assert.Equal(["LE", "SP"], doctor.Value.Authorizations);
        Assert.Equal(Registered.NotFound<HealthPerson>(), await registers.FindAsync(World.Hpr("1"), default));

        Assert.Equal(World.Hospital, (await registers.FindAsync(World.Ward, default)).Value!.Parent);
        Assert.Equal(Registered.Found(new RegisteredOrganisation(null)), await registers.FindAsync(World.Hospital, default));
        Assert.Equal(RegisterAnswer.NotFound, (await registers.FindAsync(World.Bergen, default)).Answer);

        var child = (await registers.FindAsync(World.Child, default)).Value!;
        Assert.Equal((new(2020, 1, 2), true), (child.Born!.Value, child.HasProtectedAddress));
        Assert.Equal([World.Patient], child.Parents!);
        var patient = (await registers.FindAsync(World.Patient, default)).Value!;
        Assert.Equal((null, false, null), (patient.Born, patient.HasProtectedAddress, patient.Parents));
        Assert.Equal(RegisterAnswer.NotFound, (await registers.FindAsync(World.Doctor, default)).Answer);
    }

    [Fact]
    public async Task A_part_that_is_not_there_is_no_source_and_an_empty_one_knows_nobody()
    {
        foreach (var none in new IRegisters[] { Read("{}"), new NoRegisters() })
        {
            Assert.Equal(RegisterAnswer.NoSource, (await none.FindAsync(World.DoctorHpr, default)).Answer);
            Assert.Equal(RegisterAnswer.NoSource, (await none.FindAsync(World.Ward, default)).Answer);
            Assert.Equal(RegisterAnswer.NoSource, (await none.FindAsync(World.Child, default)).Answer);
        }

        var empty = Read("""{"healthPersonnel":[],"organisations":[],"persons":[]}""");
        Assert.Equal(RegisterAnswer.NotFound, (await empty.FindAsync(World.DoctorHpr, default)).Answer);
        Assert.Equal(RegisterAnswer.NotFound, (await empty.FindAsync(World.Ward, default)).Answer);
        Assert.Equal(RegisterAnswer.NotFound, (await empty.FindAsync(World.Child, default)).Answer);
    }

    [Theory]
    [InlineData("""{"people":[]}""", "/people")]
    [InlineData("""{"healthPersonnel":[{"hpr":"x","name":"A"}]}""", "/healthPersonnel/0/hpr")]
    [InlineData("""{"healthPersonnel":[{"hpr":"1"}]}""", "/healthPersonnel/0/name")]
    [InlineData("""{"healthPersonnel":[{"hpr":"1","name":"A","authorizations":["lege"]}]}""", "/healthPersonnel/0/authorizations/0")]
    [InlineData("""{"healthPersonnel":[{"hpr":"1","name":"A","authorizations":["le"]}]}""", "/healthPersonnel/0/authorizations/0")]
    [InlineData("""{"healthPersonnel":[{"hpr":"1","name":"A"},{"hpr":"1","name":"B"}]}""", "/healthPersonnel/1")]
    [InlineData("""{"organisations":[{"organisation":"1"}]}""", "/organisations/0/organisation")]
    [InlineData("""{"organisations":[{"organisation":"981275721","parent":"1"}]}""", "/organisations/0/parent")]
    [InlineData("""{"persons":[{"number":"12345678901"}]}""", "/persons/0/number")]
    [InlineData("""{"persons":[{"number":"13717404089","born":"1974"}]}""", "/persons/0/born")]
    [InlineData("""{"persons":[{"number":"13717404089","parents":["1"]}]}""", "/persons/0/parents/0")]
    [InlineData("""[]""", "")]
    [InlineData("""{""", "")]
    public void A_slip_is_told_with_a_pointer(string text, string where)
    {
        Assert.Null(FileRegisters.Read(Encoding.UTF8.GetBytes(text), NationalIdPolicy.Synthetic, out var problems));
        Assert.Contains(problems, p => p.Where == where);
    }

    [Fact]
    public async Task Only_what_the_decision_can_need_is_asked_and_a_register_that_fails_did_not_answer()
    {
        var asked = new Asking();
        var facts = await LookUpFacts.GatherAsync(asked, World.Caller, World.List, default);
        Assert.Equal(["565501872"], asked.Numbers);
        Assert.Equal(RegisterAnswer.NotFound, facts.HealthPerson.Answer);
        Assert.Empty(facts.Units);

        // The attest's HPR number where the token has none; each unit once.
        var caller = World.Caller with { Hpr = null, Client = World.Caller.Client with { Unit = World.Bergen }, Attest = World.Attest with { PointOfCare = new(World.Bergen.Digits, "", "") } };
        asked = new();
        facts = await LookUpFacts.GatherAsync(asked, caller, World.List, default);
        Assert.Equal(["565501872", World.Bergen.Digits], asked.Numbers);
        Assert.Equal(RegisterAnswer.NotFound, facts.Units[World.Bergen].Answer);

        // Of one who is not enrolled nothing is asked but HPR; without any number nothing.
        asked = new();
        await LookUpFacts.GatherAsync(asked, caller with { Client = caller.Client with { LegalEntity = World.Stranger } }, World.List, default);
        await LookUpFacts.GatherAsync(asked, caller with { Client = caller.Client with { LegalEntity = null } }, null, default);
        Assert.Equal(["565501872", "565501872"], asked.Numbers);
        asked = new();
        await LookUpFacts.GatherAsync(asked, World.Caller with { Hpr = null, Attest = null }, World.List, default);
        Assert.Empty(asked.Numbers);

        foreach (var fault in new Exception[] { new HttpRequestException(), new TimeoutException(), new IOException() })
        {
            facts = await LookUpFacts.GatherAsync(new Asking(fault), caller, World.List, default);
            Assert.Equal((RegisterAnswer.Unreachable, RegisterAnswer.Unreachable), (facts.HealthPerson.Answer, facts.Units[World.Bergen].Answer));
        }

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await LookUpFacts.GatherAsync(new Asking(new InvalidOperationException()), caller, World.List, default));
    }

    private static FileRegisters Read(string text)
    {
        var registers = FileRegisters.Read(Encoding.UTF8.GetBytes(text), NationalIdPolicy.Synthetic, out var problems);
        Assert.Empty(problems);
        return registers!;
    }

    /// <summary>Knows nobody, and remembers whom it was asked for; or fails.</summary>
    private sealed class Asking(Exception? fault = null) : IRegisters
    {
        public List<string> Numbers { get; } = [];

        public ValueTask<Registered<HealthPerson>> FindAsync(HprNumber number, CancellationToken cancellationToken) => Answer<HealthPerson>(number.Digits);

        public ValueTask<Registered<RegisteredOrganisation>> FindAsync(OrganisationNumber number, CancellationToken cancellationToken) => Answer<RegisteredOrganisation>(number.Digits);

        public ValueTask<Registered<RegisteredPerson>> FindAsync(NationalId number, CancellationToken cancellationToken) => Answer<RegisteredPerson>("a person");

        private ValueTask<Registered<T>> Answer<T>(string number)
            where T : class
        {
            Numbers.Add(number);
            return fault is null ? new(Registered.NotFound<T>()) : throw fault;
        }
    }
}
