namespace PasientensMaledata.Storage;

/// <summary>
/// Storage did not answer, after the adapter's own retries. A write may or may not have been done: asking again must be harmless.
/// </summary>
public sealed class StorageUnavailableException : Exception
{
    /// <summary>A plain fault.</summary>
    public StorageUnavailableException()
    {
    }

    /// <param name="message">What was asked; no key of a person, no content.</param>
    public StorageUnavailableException(string message)
        : base(message)
    {
    }

    /// <param name="message">What was asked; no key of a person, no content.</param>
    /// <param name="innerException">The adapter's own fault.</param>
    public StorageUnavailableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
