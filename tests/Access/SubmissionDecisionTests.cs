using PasientensMaledata.Access;
using PasientensMaledata.Access.Callers;
using PasientensMaledata.Access.Decision;
using PasientensMaledata.Access.Participants;
using PasientensMaledata.Access.Privacy;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Tests.Access;

/// <summary>Who may send, and whose what is sent becomes.</summary>
public sealed class SubmissionDecisionTests
{
    private static readonly Participant Gateway = World.Participants[3];
    private static readonly Participant Bergen = World.Participants[1];
    private static readonly DatePeriod Yesterday = new(new(2026, 1, 1), new(2026, 11, 19));

    [Fact]
    public void A_sender_is_found_by_client_vendor_and_organisation_all_three()
    {
        Assert.Equal("gateway", Find(World.GatewayCaller).Sender!.Id.ToString());
        Assert.Equal("gateway", SubmissionDecision.FindSender(new SenderId("gateway"), World.List, World.Now).Sender!.Id.ToString());
        AssertRefused(RefusalReason.SenderUnknown, Find(Client(c => c with { Id = "other" })));
        AssertRefused(RefusalReason.SenderUnknown, Find(Client(c => c with { Supplier = null })));
        AssertRefused(RefusalReason.SenderUnknown, Find(Client(c => c with { Supplier = World.Bergen })));
        AssertRefused(RefusalReason.SenderUnknown, Find(Client(c => c with { LegalEntity = World.Bergen })));
        AssertRefused(RefusalReason.OrganisationMissing, Find(Client(c => c with { LegalEntity = null })));
        AssertRefused(RefusalReason.SenderUnknown, SubmissionDecision.FindSender(new SenderId("nobody"), World.List, World.Now));
        AssertRefused(RefusalReason.Unreachable, SubmissionDecision.FindSender(World.GatewayCaller, null, World.Now));
    }

    [Fact]
    public void A_sender_is_enrolled_and_its_data_processor_agreement_in_force()
    {
        AssertRefused(RefusalReason.NotEnrolled, SubmissionDecision.FindSender(World.GatewayCaller, With(3, p => p with { Enrolled = Yesterday }), World.Now));
        AssertRefused(RefusalReason.ProcessorAgreement, SubmissionDecision.FindSender(World.GatewayCaller, With(3, p => p with { DataProcessorAgreement = Yesterday }), World.Now));
        AssertRefused(RefusalReason.ProcessorAgreement, SubmissionDecision.FindSender(new SenderId("gateway"), With(3, p => p with { DataProcessorAgreement = default }), World.Now));
    }

    [Fact]
    public void The_controller_is_the_performer_that_the_sender_serves()
    {
        Assert.Equal(World.Bergen, Controller(Gateway, [World.Bergen]));
        Assert.Equal(World.Voss, Controller(Gateway, [World.Hospital, World.Voss, World.Stranger]));
        Assert.Equal(World.Bergen, Controller(Gateway, [World.Bergen, World.Bergen]));
        Assert.Equal(RefusalReason.ControllerAmbiguous, Reason(Gateway, [World.Bergen, World.Voss]));
        Assert.Equal(RefusalReason.ControllerMissing, Reason(Gateway, [World.Hospital]));
        Assert.Equal(RefusalReason.ControllerMissing, Reason(Gateway, []));
    }

    [Fact]
    public void A_unit_that_performs_stands_for_its_legal_entity()
    {
        var list = With(1, p => p with { Units = [World.Stranger] });
        Assert.Equal(World.Bergen, SubmissionDecision.Decide(Gateway, [World.Stranger], null, PatientSettings.None, list, World.Now).Controller);
    }

    [Fact]
    public void Else_it_is_the_senders_own_organisation_and_else_the_municipality_of_the_tag()
    {
        Assert.Equal(World.Bergen, Controller(Bergen, [World.Hospital], "4621"));
        Assert.Equal(World.Bergen, Controller(Bergen, []));
        Assert.Equal(World.Voss, Controller(Gateway, [], "4621"));
        Assert.Equal(World.Voss, Controller(Gateway, [World.Hospital], "4621"));
        Assert.Equal(World.Bergen, Controller(Gateway, [World.Bergen], "4621"));
        Assert.Equal(RefusalReason.ControllerMissing, Reason(Gateway, [], "0301"));
    }

    [Fact]
    public void A_sender_that_is_no_controller_is_none_though_it_performs() => Assert.Equal(RefusalReason.ControllerMissing, Reason(Gateway, [World.Gateway]));

    [Fact]
    public void A_controller_names_itself_though_it_serves_others_too()
    {
        var both = Bergen with { Serves = [World.Voss] };
        Assert.Equal(World.Bergen, Controller(both, [World.Bergen]));
        Assert.Equal(World.Voss, Controller(both, [World.Voss]));
        Assert.Equal(RefusalReason.ControllerAmbiguous, Reason(both, [World.Voss, World.Bergen]));
    }

    [Fact]
    public void A_controller_that_is_not_in_force_gets_nothing()
    {
        foreach (var change in new Func<Participant, Participant>[] { p => p with { Enrolled = Yesterday }, p => p with { DataProcessorAgreement = Yesterday }, p => p with { IsController = false } })
        {
            var list = With(1, change);
            Assert.Equal(RefusalReason.ControllerNotInForce, SubmissionDecision.Decide(Gateway, [World.Bergen], null, PatientSettings.None, list, World.Now).Refusal?.Reason);

            // A tag that leads to it leads nowhere.
            Assert.Equal(RefusalReason.ControllerMissing, SubmissionDecision.Decide(Gateway, [], World.Municipality("4601"), PatientSettings.None, list, World.Now).Refusal?.Reason);
        }
    }

    [Fact]
    public void Of_a_patient_who_has_opted_out_nothing_is_stored()
    {
        var verdict = SubmissionDecision.Decide(Gateway, [World.Bergen], null, World.Settings(World.Reserve()), World.List, World.Now);
        Assert.Equal(RefusalReason.Reserved, verdict.Refusal!.Reason);
        Assert.Equal(default, verdict.Controller);

        // Nor does a Block or a Restriction hinder storing.
        Assert.Null(SubmissionDecision.Decide(Gateway, [World.Bergen], null, World.Settings(World.Restrict(Restriction.Everything), World.BlockByKey(World.DoctorKey)), World.List, World.Now).Refusal);
    }

    [Fact]
    public void Open_modes_sender_stores_for_whoever_is_named_and_else_for_itself()
    {
        var sender = SubmissionDecision.FindSender(Development.System, Development.Participants, World.Now).Sender!;
        Assert.Equal(SenderId.Development, sender.Id);
        Assert.Equal(World.Stranger, Decide([World.Stranger]));
        Assert.Equal(Development.Organisation, Decide([]));
        Assert.Equal(Development.Organisation, Decide([World.Stranger, World.Bergen]));

        OrganisationNumber Decide(OrganisationNumber[] performers) =>
            SubmissionDecision.Decide(sender, performers, World.Municipality("4621"), PatientSettings.None, Development.Participants, World.Now).Controller;
    }

    private static SenderVerdict Find(SystemCaller caller) => SubmissionDecision.FindSender(caller, World.List, World.Now);

    private static SystemCaller Client(Func<ClientClaims, ClientClaims> change) => new(change(World.GatewayCaller.Client));

    private static ParticipantList With(int which, Func<Participant, Participant> change) => new(1, World.Participants.SetItem(which, change(World.Participants[which])), World.Agreements);

    private static OrganisationNumber Controller(Participant sender, OrganisationNumber[] performers, string? municipality = null)
    {
        var verdict = Decide(sender, performers, municipality);
        Assert.Null(verdict.Refusal);
        return verdict.Controller;
    }

    private static RefusalReason? Reason(Participant sender, OrganisationNumber[] performers, string? municipality = null) => Decide(sender, performers, municipality).Refusal?.Reason;

    private static EntryVerdict Decide(Participant sender, OrganisationNumber[] performers, string? municipality) =>
        SubmissionDecision.Decide(sender, performers, municipality is null ? null : World.Municipality(municipality), PatientSettings.None, World.List, World.Now);

    private static void AssertRefused(RefusalReason reason, SenderVerdict verdict)
    {
        Assert.Null(verdict.Sender);
        Assert.Equal(reason, verdict.Refusal!.Reason);
    }
}
