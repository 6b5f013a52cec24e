using System.Globalization;
using Azure.Core;
using Azure.Core.Pipeline;

namespace PasientensMaledata.Storage.Azure;

/// <summary>The moment after which no attempt of a commit is sent, and how many were.</summary>
internal sealed class CommitWindow(DateTimeOffset commitBy)
{
    public DateTimeOffset CommitBy => commitBy;

    public int Attempts { get; set; }

    /// <summary>Holds for the calls made until it is disposed of.</summary>
    public IDisposable Open() => HttpPipeline.CreateHttpMessagePropertiesScope(new Dictionary<string, object?> { [nameof(CommitWindow)] = this });
}

/// <summary>An attempt would have begun too late; nothing was sent. No error that the SDK would try again at.</summary>
internal sealed class CommitWindowPassedException : Exception
{
    public CommitWindowPassedException()
    {
    }

    public CommitWindowPassedException(string message)
        : base(message)
    {
    }

    public CommitWindowPassedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>Keeps each attempt, the SDK's own retries too, from beginning after its <see cref="CommitWindow"/>.</summary>
internal sealed class CommitByPolicy(TimeProvider time) : HttpPipelineSynchronousPolicy
{
    public override void OnSendingRequest(HttpMessage message)
    {
        if (!message.TryGetProperty(nameof(CommitWindow), out var property) || property is not CommitWindow window)
        {
            return;
        }

        if (time.GetUtcNow() > window.CommitBy)
        {
            throw new CommitWindowPassedException("The time to commit by has passed.");
        }

        window.Attempts++;
    }
}

/// <summary>Tells storage to give a request up when we do, so that what we no longer wait for is not done much later.</summary>
internal sealed class ServerTimeoutPolicy : HttpPipelineSynchronousPolicy
{
    private static readonly string Seconds = StorageLimits.MaxAttempt.TotalSeconds.ToString(CultureInfo.InvariantCulture);

    public override void OnSendingRequest(HttpMessage message) => message.Request.Uri.AppendQuery("timeout", Seconds);
}
