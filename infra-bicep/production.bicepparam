using 'main.bicep'

param prefix = 'pmd'
param environmentName = 'production'
// Health data stays in Norway; this region has three zones.
param location = 'norwayeast'
param zoneRedundant = true
param hostName = 'pmd.example.org'
// Five years, as for the log of a health record's look-ups. To be decided by the data controllers before the policy is locked.
param logRetentionDays = 1826
// WARNING: true locks the policy, which cannot be undone. Set it when the retention is decided; ./deploy asks once more.
param lockLog = false
param refusedDays = 90
param statisticsDays = 730
param numbers = 'strict'
param authentication = {
  Auth__HelseId__Issuer: 'https://helseid-sts.nhn.no'
  Auth__HelseId__Audience: 'nhn:pmd'
  Auth__HelseId__ReadScope: 'nhn:pmd/read'
  Auth__HelseId__WriteScope: 'nhn:pmd/write'
}
param publishers = []
param statisticsReaders = []
param alertEmails = ['drift@example.org']
param monthlyBudget = 15000
param budgetStart = '2026-12-01'
param dailyCapGb = 5
param alwaysReady = 2
param maximumInstances = 100
param instanceMemoryMb = 2048
param maximumThroughputUnits = 10
