namespace PasientensMaledata.AccessLog;

/// <summary>The words that lines of the log have for actions. Written in immutable blobs: never changed, only added to.</summary>
public static class EventWords
{
    private static readonly (AccessAction Action, string Word)[] Words =
    [
        (AccessAction.Search, "search"),
        (AccessAction.Page, "page"),
        (AccessAction.Last, "last"),
        (AccessAction.Read, "read"),
        (AccessAction.History, "history"),
        (AccessAction.Submit, "submit"),
        (AccessAction.CitizenView, "citizen-view"),
        (AccessAction.CitizenLogView, "citizen-log"),
        (AccessAction.CitizenExport, "citizen-export"),
        (AccessAction.SettingChange, "setting"),
        (AccessAction.ParticipantsChange, "participants"),
        (AccessAction.Refused, "refused"),
        (AccessAction.Operation, "operation"),
    ];

    /// <summary>The word of an action.</summary>
    public static string Of(AccessAction action) => Words.First(w => w.Action == action).Word;

    /// <summary>The action of a word.</summary>
    /// <exception cref="FormatException">There is no such word.</exception>
    public static AccessAction Action(string word)
    {
        foreach (var known in Words)
        {
            if (known.Word == word)
            {
                return known.Action;
            }
        }

        throw new FormatException("This is no action of the log.");
    }
}
