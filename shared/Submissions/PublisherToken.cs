using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using PasientensMaledata.Access;

namespace PasientensMaledata.Submissions;

/// <summary>
/// A shared access signature for one publisher endpoint of an event hub (Azure Event Hubs, "Authenticate access with shared access signatures"):
/// who has it can send there and nowhere else, and Event Hubs then names that publisher with each event.
/// </summary>
public static class PublisherToken
{
    /// <summary>Makes one.</summary>
    /// <param name="host">The namespace's host name.</param>
    /// <param name="hub">The event hub.</param>
    /// <param name="publisher">The Sender.</param>
    /// <param name="rule">Name of the hub's shared access rule.</param>
    /// <param name="key">The rule's key, as text: its characters are the key, though it looks like base64.</param>
    /// <param name="expires">When it ends.</param>
    public static string Make(string host, string hub, SenderId publisher, string rule, string key, DateTimeOffset expires)
    {
        var resource = Uri.EscapeDataString(AddressOf(host, hub, publisher));
        var until = expires.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var signature = Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes($"{resource}\n{until}")));
        return $"SharedAccessSignature sr={resource}&sig={Uri.EscapeDataString(signature)}&se={until}&skn={Uri.EscapeDataString(rule)}";
    }

    /// <summary>The publisher endpoint: what the token is for.</summary>
    public static string AddressOf(string host, string hub, SenderId publisher) => $"sb://{host}/{hub}/publishers/{publisher}";
}
