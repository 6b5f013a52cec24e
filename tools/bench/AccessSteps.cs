using System.Security.Cryptography;
using System.Text;
using PasientensMaledata.Access.Callers;
using PasientensMaledata.Access.Decision;
using PasientensMaledata.Access.Registers;
using PasientensMaledata.Access.Tokens;
using PasientensMaledata.Identity;
using PasientensMaledata.Issuer;

namespace PasientensMaledata.Bench;

/// <summary>Where the time of knowing the caller goes: each step alone.</summary>
internal static class AccessSteps
{
    public static async Task<Table> MeasureAsync(AccessWorld world, string number, BenchOptions options, CancellationToken cancellationToken)
    {
        var table = new Table("steps of a look-up with a token", "CPU us", "floor CPU us", "bytes allocated");
        using var network = new SocketsHttpHandler();
        var trusted = world.Options.HelseId!.Trusted;
        var reader = new AccessTokenReader(trusted, new(trusted, network, world.Time), world.Time);
        var callers = new HelseIdCallers(NationalIdPolicy.Synthetic, () => world.PractitionerKey);
        var text = world.ClinicianToken;
        var token = (await reader.ReadAsync(text, cancellationToken)).Token ?? throw new WrongAnswerException("The token is not taken.");
        var caller = (PersonnelCaller)callers.Of(token, isPersonNeeded: true).Caller!;
        if (!NationalId.TryParse(number, null, NationalIdPolicy.Synthetic, out var patient, out _) || !TargetUri.TryParse($"{AccessWorld.PublicBase}/{AccessWorld.Form(number).Path}", out var target))
        {
            throw new InvalidOperationException("The simulated person has no number.");
        }

        var address = new Uri(target.ToString());
        var opened = await world.Required.Reader.OpenAsync(await world.Required.Directory.FindAsync(patient, cancellationToken), cancellationToken);
        var memory = new ReplayMemory(world.Counted, world.Options.Window, world.Time);
        var authenticator = new Authenticator(world.Options, NationalIdPolicy.Synthetic, () => world.PractitionerKey, memory, network, world.Time);
        var count = options.IsQuick ? 20 : 3_000;
        var rounds = options.Rounds;

        // Each proof is taken once; those that are only looked at may be the same.
        var proofs = new Queue<RequestHeaders>(Enumerable.Range(0, count * (rounds + options.WarmUps)).Select(_ => world.Clinician.Headers("POST", address, text)));
        var proof = world.Clinician.Headers("POST", address, text).Proofs[0];
        var dot = text.LastIndexOf('.');
        var (signed, signature) = (Encoding.ASCII.GetBytes(text[..dot]), CompactJws.Decode(text.AsSpan(dot + 1))!);
        var kept = new ProofKeys();
        var proofJws = CompactJws.TryRead(proof)!;
        var jwk = world.ProofKey.PublicJwk();
        var point = new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new() { X = CompactJws.Decode($"{jwk["x"]}"), Y = CompactJws.Decode($"{jwk["y"]}") } };
        var proofSigned = Encoding.ASCII.GetBytes(proofJws.Signed);
        using var rsa = world.IssuerPublicKey();
        using var ec = ECDsa.Create(point);

        await AddAsync("the token: form, signature, claims", async () => Holds((await reader.ReadAsync(text, cancellationToken)).Token is not null), () => Holds(rsa.VerifyData(signed, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)));
        await AddAsync(
            "the proof, by a key seen before: form, signature, claims",
            () => Done(Proof.Check(proof, text, token.Thumbprint!, "POST", [target], world.Options.Window, world.Time.GetUtcNow(), kept, out _) is null),
            () => Holds(ec.VerifyData(proofSigned, proofJws.Signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation)));
        await AddAsync(
            "the proof, by a new key",
            () => Done(Proof.Check(proof, text, token.Thumbprint!, "POST", [target], world.Options.Window, world.Time.GetUtcNow(), new(), out _) is null),
            () =>
            {
                using var key = ECDsa.Create(point);
                Holds(key.VerifyData(proofSigned, proofJws.Signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation));
            });
        await AddAsync("the caller and the attest, out of the claims", () => Done(callers.Of(token, isPersonNeeded: true).Caller is not null), null);
        await AddAsync("the decision", async () => Holds(await DecideAsync() is LookUpVerdict.Permit), null);
        await AddAsync(
            "all of it, and the proof's row",
            async () =>
            {
                var headers = proofs.Dequeue();
                Holds((await authenticator.AuthenticateAsync(RouteKind.LookUp, new("POST", address.AbsolutePath, headers.Authorization, headers.Proofs), cancellationToken)).IsKnown);
                Holds(await DecideAsync() is LookUpVerdict.Permit);
            },
            null);
        await AddAsync("beside it: a proof as its client makes it", () => Done(world.Clinician.Headers("POST", address, text).Proofs.Count == 1), null);
        return table;

        async ValueTask<LookUpVerdict> DecideAsync()
        {
            var facts = await LookUpFacts.GatherAsync(new NoRegisters(), caller, world.Required.Access.Participants, cancellationToken);
            return LookUpDecision.Decide(new()
            {
                Caller = caller,
                Number = patient,
                Settings = opened.Settings,
                FollowUps = opened.FollowUps,
                Participants = world.Required.Access.Participants,
                HealthPerson = facts.HealthPerson,
                Units = facts.Units,
                Now = world.Time.GetUtcNow(),
            });
        }

        async Task AddAsync(string what, Func<Task> run, Action? floor)
        {
            var (micros, bytes) = await CostAsync(run);
            var least = floor is null ? "-" : Figures.Tenths((await CostAsync(() =>
            {
                floor();
                return Task.CompletedTask;
            })).Micros);
            table.Add(what, Figures.Tenths(micros), least, Figures.Whole(bytes));
            await options.Output.WriteLineAsync($"  access, {what}: {Figures.Tenths(micros)} us, {least} alone");
        }

        async Task<(double Micros, double Bytes)> CostAsync(Func<Task> run)
        {
            List<double> costs = [];
            List<double> bytes = [];
            for (var round = -options.WarmUps; round < rounds; round++)
            {
                var (cpu, allocated) = (Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes(precise: true));
                for (var i = 0; i < count; i++)
                {
                    await run();
                }

                if (round >= 0)
                {
                    costs.Add((Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / count);
                    bytes.Add((GC.GetTotalAllocatedBytes(precise: true) - allocated) / (double)count);
                }
                else
                {
                    // What was run often is compiled anew meanwhile.
                    await Task.Delay(options.IsQuick ? 0 : 200, cancellationToken);
                }
            }

            return (Figures.Median(costs), Figures.Median(bytes));
        }
    }

    private static Task Done(bool holds)
    {
        Holds(holds);
        return Task.CompletedTask;
    }

    private static void Holds(bool holds)
    {
        if (!holds)
        {
            throw new WrongAnswerException("What is right was refused.");
        }
    }
}
