// The log's containers take appends, and nothing else, for the time of retention. Azure counts it from the last append to a blob. A policy made here is
// unlocked: whoever may change the account can shorten it. Locking is an action, not a state that a template can hold; ./deploy --lock-log does it.
param account string
param containers string[]
@minValue(1)
@maxValue(146000)
param retentionDays int

resource policy 'Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies@2024-01-01' = [for container in containers: {
  name: '${account}/default/${container}/default'
  properties: { immutabilityPeriodSinceCreationInDays: retentionDays, allowProtectedAppendWrites: true }
}]
