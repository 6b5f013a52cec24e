using System.Collections.Immutable;

namespace PasientensMaledata.Access.Privacy;

/// <summary>A patient's privacy settings as they are now, those lifted included. Immutable.</summary>
public sealed class PatientSettings
{
    private readonly ImmutableSortedDictionary<string, PrivacySetting> settings;

    private PatientSettings(ImmutableSortedDictionary<string, PrivacySetting> settings)
    {
        this.settings = settings;
        Blocks = [.. settings.Values.Where(s => s is { IsActive: true, Block: not null })];
        IsReserved = Find(SettingId.Reservation) is { IsActive: true };
        Restriction = Find(SettingId.Restriction) is { IsActive: true, Restriction: var closed } ? closed : Restriction.Nothing;
    }

    /// <summary>Nothing was ever set.</summary>
    public static PatientSettings None { get; } = new(ImmutableSortedDictionary.Create<string, PrivacySetting>(StringComparer.Ordinal));

    /// <summary>The Blocks in force.</summary>
    public ImmutableArray<PrivacySetting> Blocks { get; }

    /// <summary>What is closed now.</summary>
    public Restriction Restriction { get; }

    /// <summary>Whether the patient takes no part.</summary>
    public bool IsReserved { get; }

    /// <summary>The latest of each setting, those lifted included.</summary>
    public IEnumerable<PrivacySetting> All => settings.Values;

    /// <summary>The latest of one setting; null where it was never set.</summary>
    public PrivacySetting? Find(SettingId id) => settings.GetValueOrDefault(id.ToString());

    /// <summary>With one more: the latest of each setting holds, so the order in which they are added does not matter.</summary>
    public PatientSettings With(PrivacySetting setting)
    {
        var key = setting.Id.ToString();
        var latest = settings.TryGetValue(key, out var known) ? PrivacySetting.Latest(known, setting) : setting;
        // Stryker disable once Conditional : an equal one is made anew
        return ReferenceEquals(latest, known) ? this : new(settings.SetItem(key, latest));
    }

    /// <summary>The settings of joined keys as one.</summary>
    public PatientSettings Join(PatientSettings other) => other.All.Aggregate(this, (all, setting) => all.With(setting));
}
