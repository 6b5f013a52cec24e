using 'main.bicep'

param prefix = 'pmd'
param environmentName = 'test'
param location = 'norwayeast'
param zoneRedundant = false
param hostName = 'pmd.test.example.org'
param logRetentionDays = 30
param refusedDays = 30
param statisticsDays = 90
param numbers = 'synthetic'
param authentication = {
  Auth__HelseId__Issuer: 'https://helseid-sts.test.nhn.no'
  Auth__HelseId__Audience: 'nhn:pmd'
  Auth__HelseId__ReadScope: 'nhn:pmd/read'
  Auth__HelseId__WriteScope: 'nhn:pmd/write'
}
param publishers = [
  { name: 'gateway-1', addressRanges: ['198.51.100.0/28'] }
]
param alertEmails = ['drift@example.org']
param monthlyBudget = 3000
param budgetStart = '2026-12-01'
param dailyCapGb = 1
param alwaysReady = 0
param maximumInstances = 40
param instanceMemoryMb = 2048
