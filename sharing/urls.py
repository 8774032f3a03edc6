"""Pages of consent."""

from django.urls import path

from sharing.codes import views as codes
from sharing.confirming import views as confirming
from sharing.copies import views as copies
from sharing.grants.views import revoking
from sharing.papers import views as papers
from sharing.receipts import views as receipts
from sharing.records import views as who_saw
from sharing.requests.views import answering, asking, undoing
from sharing.subscriptions import table_views as tables
from sharing.subscriptions import views as subscriptions

urlpatterns = [
    path("factories/<int:pk>/receipts/", receipts.factory_receipts, name="factory_receipts"),
    path("brands/<int:pk>/receipts/", receipts.brand_receipts, name="brand_receipts"),
    path("receipts/<str:number>/", receipts.receipt, name="receipt"),
    path("receipts/<str:number>/json/", receipts.receipt_json, name="receipt_json"),
    path("receipts/<str:number>/pdf/", receipts.receipt_pdf, name="receipt_pdf"),
    path("verify/", receipts.verify, name="verify"),
    path("factories/<int:pk>/sharing/paper/", papers.grant_paper, name="grant_paper"),
    path("factories/<int:pk>/sharing/stop/", revoking.stop_all, name="stop_all"),
    path("factories/<int:pk>/sharing/brands/<int:brand_id>/stop/", revoking.stop_brand, name="stop_brand"),
    path("factories/<int:pk>/sharing/confirmations/", confirming.confirmations, name="confirmations"),
    path("factories/<int:pk>/copies/", copies.destroy_notices, name="destroy_notices"),
    path("copies-to-destroy/", copies.copies_to_destroy, name="copies_to_destroy"),
    path("copies-to-destroy/<uuid:pk>/", copies.copies_answer, name="copies_answer"),
    path("factories/<int:pk>/who-saw-what/", who_saw.who_saw, name="who_saw"),
    path("sharing/<uuid:pk>/paper/", papers.grant_document, name="grant_document"),
    path("factories/<int:pk>/who-saw-what/month/", who_saw.monthly_summary, name="monthly_summary"),
    path("brands/<int:pk>/what-we-read/", who_saw.what_we_read, name="what_we_read"),
    path("sharing/<uuid:pk>/revoke/", revoking.revoke, name="grant_revoke"),
    path("sharing/<uuid:pk>/print/", codes.grant_print, name="grant_print"),
    path("factories/<int:pk>/requests/", answering.inbox, name="request_inbox"),
    path("factories/<int:pk>/undo/", undoing.undo_decision, name="undo_decision"),
    path("requests/<uuid:pk>/decline/", answering.request_decline, name="request_decline"),
    path("requests/<uuid:pk>/later/", answering.request_later, name="request_later"),
    path("requests/<uuid:pk>/withdraw/", answering.request_withdraw, name="request_withdraw"),
    path("requests/<uuid:pk>/print/", codes.request_print, name="request_print"),
    path("brands/<int:pk>/requests/", asking.brand_requests, name="brand_requests"),
    path("brands/<int:pk>/requests/find/", asking.ask_search, name="ask_search"),
    path("brands/<int:pk>/requests/list/", asking.ask_list, name="ask_list"),
    path("brands/<int:pk>/requests/new/", asking.ask, name="ask"),
    path("programmes/<int:pk>/subscriptions/", subscriptions.subscription_list, name="subscription_list"),
    path("programmes/<int:pk>/subscriptions/new/", subscriptions.subscription_add, name="subscription_add"),
    path("programmes/<int:pk>/subscriptions/switch/", subscriptions.subscription_switch, name="subscription_switch"),
    path("programmes/<int:pk>/subscriptions/import/", tables.subscription_import, name="subscription_import"),
    path(
        "programmes/<int:pk>/subscriptions/import/confirm/",
        tables.subscription_import_confirm,
        name="subscription_import_confirm",
    ),
    path(
        "programmes/<int:pk>/subscriptions/<int:subscription_id>/withdraw/",
        subscriptions.subscription_withdraw,
        name="subscription_withdraw",
    ),
    path("brands/<int:pk>/subscriptions/", subscriptions.brand_subscriptions, name="brand_subscriptions"),
    path("c/", codes.code_entry, name="code_entry"),
    path("c/<str:code>/", codes.code, name="short_code"),
]
