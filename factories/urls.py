"""Addresses of factories and country programmes."""

from django.urls import path

from factories.views import closures, factories, handovers, imports, programmes, successors

urlpatterns = [
    path("factories/", factories.factory_list, name="factory_list"),
    path("factories/import/", imports.factory_import, name="factory_import"),
    path("factories/import/confirm/", imports.factory_import_confirm, name="factory_import_confirm"),
    path("factories/new/", factories.factory_add, name="factory_add"),
    path("factories/<int:pk>/", factories.factory, name="factory"),
    path("factories/<int:pk>/edit/", factories.factory_edit, name="factory_edit"),
    path("factories/<int:pk>/advisors/", factories.advisor_assign, name="advisor_assign"),
    path("factories/<int:pk>/advisors/<int:advisor_id>/end/", factories.advisor_unassign, name="advisor_unassign"),
    path("factories/<int:pk>/closures/", closures.closure_list, name="closure_list"),
    path("factories/<int:pk>/closures/<uuid:closure_id>/remove/", closures.closure_remove, name="closure_remove"),
    path("factories/<int:pk>/handover/", handovers.handover_open, name="handover_open"),
    path("factories/<int:pk>/successor/", successors.successor, name="successor"),
    path("handovers/", handovers.handover_list, name="handover_list"),
    path("handovers/<uuid:pk>/", handovers.handover, name="handover"),
    path("handovers/<uuid:pk>/scan/", handovers.handover_scan, name="handover_scan"),
    path("programmes/", programmes.programme_list, name="programme_list"),
    path("programmes/new/", programmes.programme_add, name="programme_add"),
    path("programmes/<int:pk>/", programmes.programme, name="programme"),
    path("programmes/<int:pk>/edit/", programmes.programme_edit, name="programme_edit"),
]
