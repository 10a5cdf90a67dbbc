// ADR 0073
/** Panels and dashboards in the form that all of ours have. */
import { VizLegendOptionsBuilder, VizTooltipOptionsBuilder } from '@grafana/grafana-foundation-sdk/common';
import {
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  TooltipDisplayMode,
} from '@grafana/grafana-foundation-sdk/common';
import {
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

const prometheus = { type: 'prometheus', uid: '${datasource}' };
/** Grafana's variable for a window that is wide enough for four scrapes. */
const recent = '$__rate_interval';

/** The targets chosen by the variable `process`. */
export const from = 'process=~"$process"';
/** The chosen processes and modules; `label` is where a metric says its module. */
export const modules = (label = 'fissile_module') => `${from},${label}=~"$module"`;
/** Names that begin with a module: subscriptions, events, sagas. */
export const within = (label: string) => `${from},${label}=~"($module)\\\\..+"`;

export const perSecond = (metric: string, labels: string, by: string) =>
  `sum by (${by}) (rate(${metric}{${labels}}[${recent}]))`;
export const quantile = (q: number, histogram: string, labels: string, by: string) =>
  `histogram_quantile(${q}, sum by (le, ${by}) (rate(${histogram}_bucket{${labels}}[${recent}])))`;
/** 0 where nothing failed, so that the line does not break off. */
export const share = (part: string, whole: string) => `(${part} or 0 * ${whole}) / ${whole}`;

export interface Panel {
  readonly title: string;
  /** A sentence: what is drawn when all is well. */
  readonly good: string;
  /** One of Grafana's units. */
  readonly unit: string;
  /** An expression, and the legend of its series. */
  readonly series: readonly (readonly [expression: string, legend: string])[];
  /** One figure for each series and not a line, red from 1 on. */
  readonly isFigure?: boolean;
  /** Dots that lead to the traces of slow ones; for a histogram's quantiles. */
  readonly hasExemplars?: boolean;
}

export interface Dashboard {
  /** Its name in addresses, and of its file. */
  readonly id: string;
  readonly title: string;
  readonly purpose: string;
  readonly rows: Readonly<Record<string, readonly Panel[]>>;
}

const perRow = 3;

function panelOf({ title, good, unit, series, isFigure = false, hasExemplars = false }: Panel, id: number) {
  const targets = series.map(([expression, legend], index) =>
    new DataqueryBuilder()
      .refId(String.fromCodePoint('A'.codePointAt(0)! + index))
      .expr(expression)
      .legendFormat(legend)
      .exemplar(hasExemplars)
      .range(),
  );
  const drawn = isFigure
    ? new StatBuilder().thresholds(
        new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([
          { value: null, color: 'green' },
          { value: 1, color: 'red' },
        ]),
      )
    : new TimeseriesBuilder()
        .min(0)
        .fillOpacity(8)
        .legend(
          new VizLegendOptionsBuilder()
            .displayMode(LegendDisplayMode.List)
            .placement(LegendPlacement.Bottom)
            .showLegend(true),
        )
        .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
  return drawn
    .id(id)
    .title(title)
    .description(good)
    .unit(unit)
    .datasource(prometheus)
    .span(24 / perRow)
    .height(isFigure ? 5 : 8)
    .targets(targets);
}

/** A search for traces in the window of the dashboard, in Grafana's own view of Jaeger. */
const traces = JSON.stringify({
  traces: {
    datasource: 'jaeger',
    queries: [{ refId: 'A', queryType: 'search', datasource: { type: 'jaeger', uid: 'jaeger' } }],
  },
});

export function dashboardOf({ id, title, purpose, rows }: Dashboard) {
  const choice = (name: string, label: string, query: string) =>
    new QueryVariableBuilder(name)
      .label(label)
      .datasource(prometheus)
      .query({ query, refId: name })
      .refresh(VariableRefresh.OnTimeRangeChanged)
      .sort(VariableSort.AlphabeticalAsc)
      .multi(true)
      .includeAll(true)
      .allValue('.*')
      .current({ text: 'All', value: '$__all' });
  const builder = new DashboardBuilder(`Fissile: ${title}`)
    .uid(`fissile-${id}`)
    .description(purpose)
    .tags(['fissile'])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'))
    .withVariable(choice('process', 'Process', 'label_values(up{job="fissile"}, process)'))
    .withVariable(choice('module', 'Module', 'label_values(db_client_connection_max, db_client_connection_pool_name)'))
    .link(
      new DashboardLinkBuilder('Dashboards')
        .type(DashboardLinkType.Dashboards)
        .tags(['fissile'])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
    )
    .link(
      new DashboardLinkBuilder('Traces in Jaeger')
        .type(DashboardLinkType.Link)
        .url(`/explore?schemaVersion=1&panes=${encodeURIComponent(traces)}`)
        .keepTime(true),
    );
  let next = 1;
  for (const [name, panels] of Object.entries(rows)) {
    builder.withRow(new RowBuilder(name).id(next++));
    for (const panel of panels) builder.withPanel(panelOf(panel, next++));
  }
  return builder.build();
}
