"""Every address of the API: `/api/v1/...`, its description and its reference. The composition root of the API.

Each has a row in the access matrix, like the pages.
"""

from django.contrib.auth.decorators import login_required
from django.urls import include, path, re_path
from django.views.generic import TemplateView
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import IsAuthenticated

from assessments.corrections import api as corrections
from assessments.reading import api as reading
from assessments.reports import api as files
from brands import api as brands
from factories import api as factories
from portal.accounts import api as accounts
from portal.core.api import server_error
from portal.core.api.schema import OnceGenerator, OnceYamlRenderer
from portal.core.api.views import NothingHere
from portal.disclosure.api import explaining, granting
from portal.notices import api as notices
from sharing.copies import api as copies
from sharing.grants.api import grants as sharing
from sharing.receipts import api as sharing_receipts
from sharing.records import api as sharing_records
from sharing.requests import api as sharing_requests
from sharing.subscriptions import api as subscriptions

__all__ = ["server_error", "urlpatterns"]

version_1 = [
    path("me/", accounts.MeView.as_view(), name="me"),
    path("me/mails/", notices.MailChoicesView.as_view(), name="mail-choices"),
    path("webhooks/", notices.WebhookListView.as_view(), name="webhooks"),
    path("webhooks/<uuid:pk>/", notices.WebhookDetailView.as_view(), name="webhook"),
    path("webhooks/<uuid:pk>/test/", notices.WebhookTestView.as_view(), name="webhook-test"),
    path("webhooks/<uuid:pk>/secret/", notices.WebhookSecretView.as_view(), name="webhook-secret"),
    path("webhooks/<uuid:pk>/deliveries/", notices.DeliveryListView.as_view(), name="webhook-deliveries"),
    path("webhooks/deliveries/<uuid:pk>/again/", notices.RedeliverView.as_view(), name="webhook-again"),
    path("shared/", reading.SharedListView.as_view(), name="shared"),
    path("assessments/", reading.AssessmentListView.as_view(), name="assessments"),
    path("assessments/<uuid:pk>/", reading.AssessmentDetailView.as_view(), name="assessment"),
    path("assessments/<uuid:pk>/findings/", reading.FindingsView.as_view(), name="findings"),
    path("assessments/<uuid:pk>/explain/", reading.ExplainView.as_view(), name="explain"),
    path("assessments/<uuid:pk>/steps/", reading.StepsView.as_view(), name="steps"),
    path("corrections/", corrections.CorrectionListView.as_view(), name="corrections"),
    path("corrections/<uuid:pk>/acknowledge/", corrections.AcknowledgeView.as_view(), name="correction-acknowledge"),
    path("reports/", files.ReportOrderView.as_view(), name="reports"),
    path("reports/<uuid:pk>/", files.ReportDetailView.as_view(), name="report"),
    path("reports/<uuid:pk>/file/", files.ReportFileView.as_view(), name="report-file"),
    path("jobs/<uuid:pk>/", files.JobDetailView.as_view(), name="job"),
    path("jobs/<uuid:pk>/cancel/", files.JobCancelView.as_view(), name="job-cancel"),
    path("factories/", factories.FactoryListView.as_view(), name="factories"),
    path("factories/<int:pk>/", factories.FactoryDetailView.as_view(), name="factory"),
    path("factories/<int:pk>/grants/", sharing.FactoryGrantsView.as_view(), name="factory-grants"),
    path("factories/<int:pk>/explain/", explaining.FactoryExplainView.as_view(), name="factory-explain"),
    path("factories/<int:pk>/who-could-see/", explaining.WhoCouldSeeView.as_view(), name="who-could-see"),
    path("factories/<int:pk>/who-saw-what/", sharing_records.WhoSawWhatView.as_view(), name="who-saw-what"),
    path("factories/<int:pk>/searches/", sharing_records.FactorySearchesView.as_view(), name="factory-searches"),
    path("factories/<int:pk>/stop-sharing/", sharing.StopView.as_view(), name="stop-sharing"),
    path("factories/<int:pk>/undo/", sharing_requests.UndoView.as_view(), name="undo"),
    path("copies-to-destroy/", copies.DestroyNoticeListView.as_view(), name="copies-to-destroy"),
    path("copies-to-destroy/<uuid:pk>/", copies.DestroyNoticeView.as_view(), name="copies-answer"),
    path("factories/<int:pk>/monthly-summary/", sharing_records.MonthlySummaryView.as_view(), name="monthly-summary"),
    path("brands/<int:pk>/what-we-read/", sharing_records.WhatWeReadView.as_view(), name="what-we-read"),
    path("factories/<int:pk>/sharing-orders/", granting.SharingOrderView.as_view(), name="sharing-orders"),
    path("factories/<int:pk>/sharing-preview/", granting.SharingPreviewView.as_view(), name="sharing-preview"),
    path("factories/<int:pk>/restore/", granting.RestoreView.as_view(), name="restore"),
    path("factories/<int:pk>/restore-preview/", granting.RestorePreviewView.as_view(), name="restore-preview"),
    path("factories/<int:pk>/openings/", granting.OpeningsView.as_view(), name="openings"),
    path("factories/<int:pk>/withheld-reports/", granting.WithholdView.as_view(), name="withheld-reports"),
    path("withheld-reports/<int:pk>/allow/", granting.ReleaseView.as_view(), name="withheld-report-allow"),
    path("grants/<uuid:pk>/preview/", granting.ChangePreviewView.as_view(), name="grant-preview"),
    path("grants/", sharing.GrantListView.as_view(), name="grants"),
    path("grants/<uuid:pk>/", sharing.GrantDetailView.as_view(), name="grant"),
    path("grants/<uuid:pk>/revoke/", sharing.GrantRevokeView.as_view(), name="grant-revoke"),
    path("receipts/", sharing_receipts.ReceiptListView.as_view(), name="receipts"),
    path("receipts/<str:number>/", sharing_receipts.ReceiptDetailView.as_view(), name="receipt"),
    path("receipts/<str:number>/proof/", sharing_receipts.ReceiptProofView.as_view(), name="receipt-proof"),
    path("ledger/roots/", sharing_receipts.DayListView.as_view(), name="ledger-roots"),
    path("grants/<uuid:pk>/confirmation/", sharing.GrantConfirmationView.as_view(), name="grant-confirmation"),
    path("handovers/", factories.HandoverListView.as_view(), name="handovers"),
    path("handovers/<uuid:pk>/", factories.HandoverView.as_view(), name="handover"),
    path("requests/", sharing_requests.RequestListView.as_view(), name="requests"),
    path("requests/<uuid:pk>/", sharing_requests.RequestDetailView.as_view(), name="request"),
    path("requests/<uuid:pk>/approve/", sharing_requests.RequestApproveView.as_view(), name="request-approve"),
    path("requests/<uuid:pk>/decline/", sharing_requests.RequestDeclineView.as_view(), name="request-decline"),
    path("requests/<uuid:pk>/later/", sharing_requests.RequestLaterView.as_view(), name="request-later"),
    path("requests/<uuid:pk>/withdraw/", sharing_requests.RequestWithdrawView.as_view(), name="request-withdraw"),
    path("brands/<int:pk>/requests/", sharing_requests.BrandRequestsView.as_view(), name="brand-requests"),
    path("brands/<int:pk>/factories/", sharing_requests.FactoriesToAskView.as_view(), name="brand-factories"),
    path(
        "brands/<int:pk>/factories/match/", sharing_requests.FactoriesMatchView.as_view(), name="brand-factories-match"
    ),
    path("brands/", brands.BrandListView.as_view(), name="brands"),
    path("brands/<int:pk>/", brands.BrandDetailView.as_view(), name="brand"),
    path("brands/<int:pk>/suppliers/", brands.SupplierListView.as_view(), name="suppliers"),
    path("brands/<int:pk>/tokens/", brands.TokenListView.as_view(), name="tokens"),
    path("brands/<int:pk>/tokens/<int:account>/", brands.TokenDetailView.as_view(), name="token"),
    path("programmes/", factories.ProgrammeListView.as_view(), name="programmes"),
    path("programmes/<int:pk>/", factories.ProgrammeDetailView.as_view(), name="programme"),
    path(
        "programmes/<int:pk>/subscriptions/",
        subscriptions.ProgrammeSubscriptionsView.as_view(),
        name="programme-subscriptions",
    ),
    path(
        "programmes/<int:pk>/subscriptions/<int:subscription_id>/withdraw/",
        subscriptions.SubscriptionWithdrawView.as_view(),
        name="subscription-withdraw",
    ),
    path("brands/<int:pk>/subscriptions/", subscriptions.BrandSubscriptionsView.as_view(), name="brand-subscriptions"),
]

schema = SpectacularAPIView.as_view(
    permission_classes=[IsAuthenticated],
    generator_class=OnceGenerator,
    renderer_classes=[OnceYamlRenderer, OpenApiJsonRenderer],
    api_version="1",  # otherwise the parameter `version` of the address gets into a header
)
reference = login_required(TemplateView.as_view(template_name="api/reference.html"))

urlpatterns = [
    path("v1/", include((version_1, "api"))),
    path("schema/", schema, name="api-schema"),
    path("docs/", reference, name="api-schema-ui"),
    re_path(r"^.*$", NothingHere.as_view(), name="api-nothing-here"),
]
