// What wakes someone. docs/operations.md has a runbook of the same name for each.
param name string
param location string
param tags object
param insights string
param workspace string
param logAccount string
param actionGroup string
param monthlyBudget int
param alertEmails string[]
param budgetStart string

var rules = [
  {
    name: 'log-lag'
    severity: 1
    scope: insights
    minutes: 5
    text: 'What was looked up is not in the committed order of the access log after a minute.'
    query: 'customMetrics | where name == "pmd.log.lag" | summarize lag = max(value) | where lag > 60'
  }
  {
    name: 'refused-rate'
    severity: 2
    scope: insights
    minutes: 15
    text: 'More than one in ten Observations is refused.'
    query: 'customMetrics | where name == "pmd.submissions" | extend outcome = tostring(customDimensions.outcome) | summarize refused = sumif(valueSum, outcome == "refused"), all = sum(valueSum) | where all > 100 and refused > all / 10'
  }
  {
    name: 'server-errors'
    severity: 1
    scope: insights
    minutes: 5
    text: 'Callers get 5xx.'
    query: 'requests | summarize failed = sumif(itemCount, toint(resultCode) >= 500), all = sum(itemCount) | where failed > 5 and failed > all / 100'
  }
  {
    name: 'throttling'
    severity: 2
    scope: insights
    minutes: 5
    text: 'Storage turns requests away, or answers late.'
    query: 'customMetrics | where name == "pmd.storage.requests" and tostring(customDimensions.outcome) == "unavailable" | summarize value = sum(valueSum) | where value > 10'
  }
  {
    name: 'verify-log-failed'
    severity: 0
    scope: insights
    minutes: 60
    text: 'The access log is not what its checkpoints say.'
    query: 'customMetrics | where name == "pmd.log.verify.failures" | summarize value = sum(valueSum) | where value > 0'
  }
  {
    name: 'patients-per-practitioner'
    severity: 2
    scope: insights
    minutes: 15
    text: 'A practitioner has met the limit of distinct patients in an hour.'
    query: 'customMetrics | where name == "pmd.lookups" and tostring(customDimensions.decision) == "too-many-patients" | summarize value = sum(valueSum) | where value > 0'
  }
  {
    name: 'log-deleted'
    severity: 0
    scope: workspace
    minutes: 15
    text: 'Something was deleted from the account of the access log.'
    query: 'StorageBlobLogs | where AccountName == "${logAccount}" and OperationName in ("DeleteBlob", "DeleteContainer") and StatusCode < 300'
  }
]

resource alert 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for rule in rules: {
  name: '${name}-${rule.name}'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: rule.name
    description: '${rule.text} Runbook: docs/operations.md.'
    severity: rule.severity
    enabled: true
    scopes: [rule.scope]
    evaluationFrequency: 'PT${rule.minutes}M'
    windowSize: 'PT${rule.minutes}M'
    // A table is not there before the first row of it.
    skipQueryValidation: true
    criteria: {
      allOf: [
        {
          query: rule.query
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
        }
      ]
    }
    actions: { actionGroups: [actionGroup] }
  }
}]

resource budget 'Microsoft.Consumption/budgets@2023-11-01' = {
  name: name
  properties: {
    category: 'Cost'
    amount: monthlyBudget
    timeGrain: 'Monthly'
    timePeriod: { startDate: budgetStart }
    notifications: {
      actual80: { enabled: true, operator: 'GreaterThan', threshold: 80, thresholdType: 'Actual', contactEmails: alertEmails, contactGroups: [actionGroup] }
      forecast100: { enabled: true, operator: 'GreaterThan', threshold: 100, thresholdType: 'Forecasted', contactEmails: alertEmails, contactGroups: [actionGroup] }
    }
  }
}
