using System.Text;
using System.Text.Json;
using PasientensMaledata.Access.FollowUps;
using PasientensMaledata.Access.Privacy;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Rows;
using PasientensMaledata.Storage.Sealing;
using PasientensMaledata.Tests.Observations;

namespace PasientensMaledata.Tests.Access;

/// <summary>How settings and follow-ups lie in storage: what was written by an older version is read by this one.</summary>
public sealed class StoredFormTests
{
    [Fact]
    public async Task A_setting_is_sealed_to_its_patient_and_its_id()
    {
        await using var store = await TestStore.OpenAsync();
        var privacy = new PrivacyStore(store.Partitions, store.Service.Ring, store.Service.Directory, store.Clock, hasPrivacyComponent: true);
        var key = (await privacy.ReserveAsync(World.Patient, SettingActor.Citizen, true, default)).Patient!.Value;
        var row = (await store.Partitions.ReadAsync(key.Partition, new($"a.set.reservation.{Hex(key)}"), default))!.Value;
        using var seal = (await PersonAsync(store, key)).OpenSeal();
        var text = Open(seal, row.Value.Span, [.. Bytes(key), .. "setting reservation"u8]);
        using var json = JsonDocument.Parse(text);
        Assert.Equal(("13717404089".Length, 1, true), (json.RootElement.GetProperty("Number").GetString()!.Length, json.RootElement.GetProperty("Version").GetInt32(), json.RootElement.GetProperty("Awaits").GetBoolean()));
        Assert.DoesNotContain(World.Patient.Digits, SettingRow.Read(key, row, seal).ToString(), StringComparison.Ordinal);
        Assert.Equal("reservation version 1", SettingRow.Read(key, row, seal).ToString());
    }

    [Fact]
    public async Task Each_time_it_is_said_anew_a_setting_has_a_next_version()
    {
        await using var store = await TestStore.OpenAsync();
        var privacy = new PrivacyStore(store.Partitions, store.Service.Ring, store.Service.Directory, store.Clock);
        var key = default(PatientKey);
        for (var i = 0; i < 3; i++)
        {
            key = (await privacy.ReserveAsync(World.Patient, SettingActor.Citizen, i % 2 == 0, default)).Patient!.Value;
        }

        Assert.Equal(3, Assert.Single(await privacy.ReadStoredAsync(key, default)).Version);
    }

    [Fact]
    public async Task A_follow_up_is_sealed_to_its_patient_and_its_row_tells_no_controller_of_two_patients()
    {
        await using var store = await TestStore.OpenAsync();
        var keys = new[] { await store.Service.Directory.FindOrCreateAsync(World.Patient, default), await store.Service.Directory.FindOrCreateAsync(World.Child, default) };
        foreach (var key in keys)
        {
            var person = await PersonAsync(store, key);
            await new FollowUpStore(store.Partitions, store.Service.Ring, null).MeasuredAsync(person, [], World.Bergen, null, store.Clock.GetUtcNow(), default);
            var row = (await store.Partitions.ReadAsync(key.Partition, FollowUp.Key(key, World.Bergen), default))!.Value;
            using var seal = person.OpenSeal();
            Assert.Contains(World.Bergen.Digits, Encoding.UTF8.GetString(Open(seal, row.Value.Span, [.. Bytes(key), .. "follow-up"u8])), StringComparison.Ordinal);
            Assert.EndsWith(Hex(key), row.Key.ToString(), StringComparison.Ordinal);
        }

        // The same Controller, and nothing that is the same in the keys.
        var hashes = keys.Select(k => FollowUp.Key(k, World.Bergen).ToString()[FollowUp.Prefix.Length..][..16]);
        Assert.Equal(2, hashes.Distinct().Count());
    }

    [Fact]
    public void The_id_of_a_block_says_nothing_and_is_that_of_one_practitioner()
    {
        var ids = new[]
        {
            SettingId.Block(World.DoctorHpr, World.Secret), SettingId.Block(World.Hpr("1234567"), World.Secret), SettingId.Block(World.DoctorKey, World.Secret),
            SettingId.Block(PractitionerKey.Of(World.Child, World.Secret), World.Secret), SettingId.Block(World.DoctorHpr, [.. World.Secret.Reverse()]),
        };
        Assert.Equal(ids.Length, ids.Distinct().Count());
        Assert.All(ids, id => Assert.Matches("^b-[0-9a-f]{24}$", id.ToString()));
        Assert.Equal(("restriction", "reservation"), (SettingId.Restriction.ToString(), SettingId.Reservation.ToString()));
        foreach (var text in new[] { null, "", "b-", "b-0123456789abcdef0123456", "b-0123456789abcdef01234567a", "b-0123456789ABCDEF01234567", "x-0123456789abcdef01234567", "Restriction" })
        {
            Assert.False(SettingId.TryParse(text, out var none));
            Assert.Equal(default, none);
        }
    }

    private static byte[] Open(Seal seal, ReadOnlySpan<byte> value, byte[] belongsTo)
    {
        Assert.Equal(1, value[0]);
        return seal.TryOpen(value[1..], belongsTo) ?? throw new InvalidOperationException("It is sealed to something else.");
    }

    private static byte[] Bytes(PatientKey key)
    {
        var bytes = new byte[PatientKey.Size];
        key.Write(bytes);
        return bytes;
    }

    private static string Hex(PatientKey key) => Convert.ToHexStringLower(Bytes(key));

    private static async Task<Person> PersonAsync(TestStore store, PatientKey key) => (await PatientHead.ReadAsync(store.Partitions, store.Service.Ring, key, default))!.Person;
}
